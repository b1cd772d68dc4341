using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using AppHost.WithoutAspire.Otlp;
using AppHost.WithoutAspire.Otlp.Messages;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace AppHost.Tests.Otlp;

public sealed class OtlpReceiverTests : IAsyncLifetime
{
    private static readonly ResourceBuilder Shop = ResourceBuilder.CreateEmpty().AddService("shop");

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
    public void Spans_of_a_real_exporter_arrive_with_their_parents()
    {
        using var source = new ActivitySource(nameof(Spans_of_a_real_exporter_arrive_with_their_parents));
        using (Sdk.CreateTracerProviderBuilder().AddSource(source.Name).SetResourceBuilder(Shop).AddOtlpExporter(To("v1/traces")).Build())
        {
            using var parent = source.StartActivity("GET /orders/{id}", ActivityKind.Server);
            using var child = source.StartActivity("GET", ActivityKind.Client);
            child!.SetStatus(ActivityStatusCode.Error).SetTag("error.type", "500").SetTag("http.response.status_code", 500);
        }

        var spans = _receiver.Telemetry.Spans;
        Assert.Equal(["GET", "GET /orders/{id}"], spans.Select(span => span.Name));
        var (sent, root) = (spans[0], spans[1]);
        Assert.Null(root.ParentSpanId);
        Assert.Equal(root.SpanId, sent.ParentSpanId);
        Assert.Equal(root.TraceId, sent.TraceId);
        Assert.Equal((ActivityKind.Server, ActivityKind.Client), (root.Kind, sent.Kind));
        Assert.Equal((false, true), (root.Failed, sent.Failed));
        Assert.Equal("500", sent.Attributes["http.response.status_code"]);
        Assert.All(spans, span => Assert.Equal("shop", span.Service));
        Assert.All(spans, span => Assert.InRange(span.Start, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow));
    }

    [Fact]
    public void Of_a_metric_the_latest_point_of_each_series_is_kept()
    {
        using var meter = new Meter(nameof(Of_a_metric_the_latest_point_of_each_series_is_kept));
        using (var provider = Sdk.CreateMeterProviderBuilder().AddMeter(meter.Name).SetResourceBuilder(Shop).AddOtlpExporter(To("v1/metrics")).Build())
        {
            var sold = meter.CreateCounter<long>("sold");
            var weight = meter.CreateHistogram<double>("weight");
            sold.Add(2, new KeyValuePair<string, object?>("product", "cup"));
            provider.ForceFlush();
            sold.Add(3, new KeyValuePair<string, object?>("product", "cup"));
            sold.Add(7, new KeyValuePair<string, object?>("product", "pot"));
            weight.Record(0.5);
            weight.Record(1.5);
        }

        var points = _receiver.Telemetry.Points;
        Assert.Equal(
            [("sold", "cup", 5), ("sold", "pot", 7), ("weight", "", 2)],
            points.Select(point => (point.Metric, point.Attributes.GetValueOrDefault("product", ""), point.Value)));
    }

    [Fact]
    public void Logs_of_a_real_exporter_arrive_with_their_trace()
    {
        using var activity = new Activity("request").Start();
        using (var logging = LoggerFactory.Create(builder => builder.AddOpenTelemetry(logs => logs.SetResourceBuilder(Shop).AddOtlpExporter(To("v1/logs")))))
        {
#pragma warning disable CA1848, CA1873 // One message in a test.
            logging.CreateLogger("test").LogWarning("The tea is out.");
#pragma warning restore CA1848, CA1873
        }

        Assert.Equal(
            [new("shop", "Warning", "The tea is out.", activity.TraceId.ToHexString(), activity.SpanId.ToHexString())],
            _receiver.Telemetry.Logs);
    }

    [Fact]
    public async Task A_compressed_request_is_read()
    {
        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(Export("GET /").ToByteArray(), Cancellation);
        }

        Assert.Equal(HttpStatusCode.OK, await PostAsync("v1/traces", compressed.ToArray(), encoding: "gzip"));
        Assert.Equal(["GET /"], _receiver.Telemetry.Spans.Select(span => span.Name));
    }

    [Fact]
    public async Task What_the_protocol_has_besides_is_skipped()
    {
        // Field 99, of a length, at the end of the request.
        byte[] unknown = [0x9a, 0x06, 0x02, 0x68, 0x69];
        Assert.Equal(HttpStatusCode.OK, await PostAsync("v1/traces", [.. Export("GET /").ToByteArray(), .. unknown]));
        Assert.Equal(["GET /"], _receiver.Telemetry.Spans.Select(span => span.Name));
    }

    [Theory]
    [InlineData("v1/traces")]
    [InlineData("v1/metrics")]
    [InlineData("v1/logs")]
    public async Task Bytes_that_are_no_export_are_a_bad_request(string path)
    {
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(path, [0x0a, 0xff, 0xff, 0xff, 0x0f, 0x01]));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(path, []));
    }

    [Fact]
    public async Task Values_nested_without_end_are_a_bad_request()
    {
        var value = new AnyValue();
        for (var depth = 0; depth < 1_000; depth++)
        {
            value = new() { ArrayValue = new() { Values = { value } } };
        }

        var export = Export("GET /");
        export.ResourceSpans[0].ScopeSpans[0].Spans[0].Attributes.Add(new KeyValue { Key = "deep", Value = value });
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync("v1/traces", export.ToByteArray()));
    }

    [Fact]
    public async Task Bytes_that_are_not_gzip_are_a_bad_request() =>
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync("v1/traces", [1, 2, 3], encoding: "gzip"));

    [Fact]
    public async Task A_request_over_the_limit_is_too_large() =>
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PostAsync("v1/traces", new byte[OtlpReceiver.MaxRequestSize + 1]));

    [Fact]
    public async Task A_request_that_unpacks_to_over_the_limit_is_too_large()
    {
        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[OtlpReceiver.MaxRequestSize + 1], Cancellation);
        }

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PostAsync("v1/traces", compressed.ToArray(), encoding: "gzip"));
    }

    [Theory]
    [InlineData("application/json", null)]
    [InlineData("application/x-protobuf", "zstd")]
    public async Task Another_format_or_compression_is_not_supported(string contentType, string? encoding) =>
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, await PostAsync("v1/traces", Export("GET /").ToByteArray(), encoding, contentType));

    private static ExportTraceServiceRequest Export(string name) => new()
    {
        ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { new Span { Name = name } } } } } },
    };

    private Action<OtlpExporterOptions> To(string path) => options =>
    {
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = new(_receiver.Endpoint, path);
    };

    private async Task<HttpStatusCode> PostAsync(string path, byte[] body, string? encoding = null, string contentType = "application/x-protobuf")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        if (encoding is not null)
        {
            request.Content.Headers.ContentEncoding.Add(encoding);
        }

        // A request that is refused by its headers must not meet a closed connection while its body is on the way.
        request.Headers.ExpectContinue = true;
        using var response = await _client.SendAsync(request, Cancellation);
        return response.StatusCode;
    }
}
