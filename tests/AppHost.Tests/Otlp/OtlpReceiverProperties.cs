using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using AppHost.WithoutAspire.Otlp;
using AppHost.WithoutAspire.Otlp.Messages;
using CsCheck;
using Google.Protobuf;

namespace AppHost.Tests.Otlp;

/// <summary>Whatever is sent, the answer is a yes or the sender's fault, and the next export arrives.</summary>
public sealed class OtlpReceiverProperties : IAsyncLifetime
{
    private const long Megabyte = 1024 * 1024;

    private static readonly Gen<string> Text = Gen.OneOf(Gen.String, Gen.Const(""), Gen.Const("service.name"), Gen.Const("service.instance.id"));

    private static readonly Gen<AnyValue> Value = Gen.Recursive<AnyValue>((depth, inner) => Gen.OneOf(
        Text.Select(text => new AnyValue { StringValue = WithoutHalfCharacters(text) }),
        Gen.Long.Select(number => new AnyValue { IntValue = number }),
        Gen.Double.Select(number => new AnyValue { DoubleValue = number }),
        Gen.Bool.Select(value => new AnyValue { BoolValue = value }),
        Gen.Const(new AnyValue()),
        depth > 5 ? Gen.Const(new AnyValue()) : inner.Array[0, 3].Select(values => new AnyValue { ArrayValue = new() { Values = { values } } })));

    private static readonly Gen<KeyValue[]> Attributes = Gen.Select(Text, Value, (key, value) => new KeyValue { Key = WithoutHalfCharacters(key), Value = value }).Array[0, 4];

    private static readonly Gen<Resource> Sender = Attributes.Select(attributes => new Resource { Attributes = { attributes } });

    private static readonly Gen<ByteString> Id = Gen.Byte.Array[0, 20].Select(bytes => ByteString.CopyFrom(bytes));

    private static readonly Gen<Span> AnySpan = Gen.Select(Id, Id, Text, Gen.Int[-1, 9], Gen.ULong, Gen.ULong, Attributes)
        .Select((traceId, spanId, name, kind, start, end, attributes) => new Span
        {
            TraceId = traceId,
            SpanId = spanId,
            ParentSpanId = spanId,
            Name = WithoutHalfCharacters(name),
            Kind = (SpanKind)kind,
            StartTimeUnixNano = start,
            EndTimeUnixNano = end,
            Attributes = { attributes },
        });

    private static readonly Gen<byte[]> Traces = Gen.Select(Sender, AnySpan.Array[0, 3], (resource, spans) => new ExportTraceServiceRequest
    {
        ResourceSpans = { new ResourceSpans { Resource = resource, ScopeSpans = { new ScopeSpans { Spans = { spans } } } } },
    }.ToByteArray());

    private static readonly Gen<byte[]> Metrics = Gen.Select(Sender, Text, Gen.Double, Attributes, (resource, name, value, attributes) =>
    {
        var sum = new NumberDataPoint { AsDouble = value, Attributes = { attributes } };
        var histogram = new HistogramDataPoint { Count = 1, Attributes = { attributes } };
        var metrics = new ScopeMetrics
        {
            Metrics =
            {
                new Metric { Name = WithoutHalfCharacters(name), Sum = new() { DataPoints = { sum } } },
                new Metric { Name = WithoutHalfCharacters(name), Histogram = new() { DataPoints = { histogram } } },
                new Metric(),
            },
        };
        return new ExportMetricsServiceRequest { ResourceMetrics = { new ResourceMetrics { Resource = resource, ScopeMetrics = { metrics } } } }.ToByteArray();
    });

    private static readonly Gen<byte[]> Logs = Gen.Select(Sender, Value, Id, (resource, body, id) => new ExportLogsServiceRequest
    {
        ResourceLogs =
        {
            new ResourceLogs { Resource = resource, ScopeLogs = { new ScopeLogs { LogRecords = { new LogRecord { Body = body, TraceId = id, SpanId = id } } } } },
        },
    }.ToByteArray());

    private static readonly Gen<byte[]> Export = Gen.OneOf(Traces, Metrics, Logs);

    private static readonly Gen<byte[]> Body = Gen.Frequency(
        (1, Gen.Byte.Array[0, 300]),
        (1, Export),
        (2, Gen.Select(Export, Gen.Double[0, 1], (export, share) => export[..(int)(export.Length * share)])),
        (4, Gen.Select(Export, Gen.Select(Gen.Int[0, int.MaxValue - 1], Gen.Byte).Array[1, 5], Mutate)));

    private static readonly Gen<string?> Encoding = Gen.Frequency<string?>(
        (2, Gen.Const((string?)null)),
        (3, Gen.OneOf<string?>(Gen.Const<string?>("gzip"), Gen.Const<string?>("br"), Gen.Const<string?>("deflate"))),
        (1, Gen.OneOf<string?>(Gen.Const<string?>("zstd"), Gen.Const<string?>("gzip, br"))));

    private readonly HttpClient _client = new();
    private OtlpReceiver _receiver = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _receiver = await OtlpReceiver.StartAsync(Cancellation);
        _client.BaseAddress = _receiver.Endpoint;
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _receiver.DisposeAsync();
    }

    [Fact]
    public async Task Random_broken_and_truncated_exports_are_taken_or_refused()
    {
        var path = Gen.OneOf("v1/traces", "v1/metrics", "v1/logs", "v1/none", "");
        var contentType = Gen.Frequency((8, Gen.Const("application/x-protobuf")), (1, Gen.OneOf("application/json", "text/plain; x=\"", "x", "")));
        await Gen.Select(path, Body, Encoding, contentType, Gen.Int[0, 3], Gen.Double[0, 1]).SampleAsync(
            async (path, body, encoding, contentType, wrong, cut) =>
            {
                body = wrong == 1 ? body : Compress(body, encoding);
                body = wrong == 2 ? body[..(int)(body.Length * cut)] : body;
                var status = await PostAsync(path, body, encoding, contentType);
                Assert.True(
                    status is HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed
                        or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.RequestEntityTooLarge,
                    $"{path} {encoding} {contentType}: {status}");
            },
            iter: 2_000,
            threads: 2);
        await AssertReceivesAsync();
    }

    [Theory]
    [InlineData("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 9223372036854775807\r\n\r\n\n", "413")]
    [InlineData("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 99999999999999999999\r\n\r\n", "400")]
    [InlineData("\0\0\0\0\r\n\r\n", "400")]
    public async Task A_request_that_breaks_the_protocol_is_refused(string request, string status)
    {
        using (var client = await ConnectAsync())
        {
            await client.GetStream().WriteAsync(System.Text.Encoding.Latin1.GetBytes(request), Cancellation);
            using var answer = new StreamReader(client.GetStream());
            Assert.StartsWith($"HTTP/1.1 {status} ", await answer.ReadLineAsync(Cancellation), StringComparison.Ordinal);
        }

        await AssertReceivesAsync();
    }

    [Fact]
    public async Task A_sender_that_goes_away_in_the_middle_does_no_harm()
    {
        var export = new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { Resource = new() } } }.ToByteArray();
        var head = $"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: {export.Length}\r\n\r\n";
        byte[] request = [.. System.Text.Encoding.ASCII.GetBytes(head), .. export];
        for (var length = 0; length < request.Length; length++)
        {
            using var client = await ConnectAsync();
            client.LingerState = new(enable: true, seconds: 0);
            await client.GetStream().WriteAsync(request.AsMemory(0, length), Cancellation);
        }

        await AssertReceivesAsync();
    }

    [Fact]
    public async Task Connections_over_the_limit_are_closed()
    {
        var clients = new List<TcpClient>();
        for (var i = 0; i < OtlpReceiver.MaxConnections; i++)
        {
            clients.Add(await ConnectAsync());
            await AskAsync(clients[i]);
        }

        using var tooMany = await ConnectAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => AskAsync(tooMany));
        clients.ForEach(client => client.Dispose());

        async Task AskAsync(TcpClient client)
        {
            await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), Cancellation);
            await client.GetStream().ReadExactlyAsync(new byte[1], Cancellation);
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_bomb_is_not_unpacked(string encoding)
    {
        var bomb = Compress(new byte[256 * Megabyte], encoding);
        var allocated = GC.GetTotalAllocatedBytes();

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PostAsync("v1/traces", bomb, encoding));

        Assert.InRange(GC.GetTotalAllocatedBytes() - allocated, 0, 64 * Megabyte);
        await AssertReceivesAsync();
    }

    private static byte[] Mutate(byte[] bytes, (int Place, byte Value)[] changes)
    {
        var mutated = bytes.ToList();
        foreach (var (place, value) in changes)
        {
            var index = place % (mutated.Count + 1);
            if (index == mutated.Count || value % 4 == 0)
            {
                mutated.Insert(index, value);
            }
            else if (value % 4 == 1)
            {
                mutated.RemoveAt(index);
            }
            else
            {
                mutated[index] ^= value;
            }
        }

        return [.. mutated];
    }

    private static byte[] Compress(byte[] bytes, string? encoding)
    {
        using var compressed = new MemoryStream();
        using (Stream stream = encoding switch
        {
            "gzip" => new GZipStream(compressed, CompressionLevel.Fastest),
            "br" => new BrotliStream(compressed, CompressionLevel.Fastest),
            "deflate" => new ZLibStream(compressed, CompressionLevel.Fastest),
            _ => compressed,
        })
        {
            stream.Write(bytes);
        }

        return compressed.ToArray();
    }

    // What is no UTF-16 can't be sent.
    private static string WithoutHalfCharacters(string text) => System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _receiver.Endpoint.Port, Cancellation);
        return client;
    }

    private async Task AssertReceivesAsync()
    {
        var export = new ExportTraceServiceRequest
        {
            ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { new Span { Name = "the next export" } } } } } },
        };
        Assert.Equal(HttpStatusCode.OK, await PostAsync("v1/traces", export.ToByteArray()));
        Assert.Equal("the next export", _receiver.Telemetry.Spans[^1].Name);
    }

    private async Task<HttpStatusCode> PostAsync(string path, byte[] body, string? encoding = null, string contentType = "application/x-protobuf")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (encoding is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        // A request that is refused by its headers must not meet a closed connection while its body is on the way.
        request.Headers.ExpectContinue = true;
        using var response = await _client.SendAsync(request, Cancellation);
        return response.StatusCode;
    }
}
