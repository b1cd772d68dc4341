using AppHost.WithoutAspire.Otlp.Messages;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AppHost.WithoutAspire.Otlp;

/// <summary>Takes OTLP over HTTP, protobuf, on a free loopback port: what an exporter with the protocol <c>http/protobuf</c> sends.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    /// <summary>In bytes, compressed or not. An exporter's batch of 512 spans takes some hundred KB.</summary>
    public const int MaxRequestSize = 4 * 1024 * 1024;

    /// <summary>A service keeps a few. What is over is closed.</summary>
    public const int MaxConnections = 64;

    private const string Protobuf = "application/x-protobuf";

    // A request of nothing but empty messages takes eighty times its size when it is parsed, so one at a time is.
    private static readonly Lock Parsing = new();

    private readonly WebApplication _app;

    private OtlpReceiver(WebApplication app, Telemetry telemetry)
    {
        _app = app;
        Telemetry = telemetry;
    }

    public Telemetry Telemetry { get; }

    public Uri Endpoint => new(_app.Urls.Single());

    public static async Task<OtlpReceiver> StartAsync(CancellationToken cancellation)
    {
        var telemetry = new Telemetry();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = MaxRequestSize;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddRequestDecompression();

        var app = builder.Build();
        app.UseRequestDecompression();
        app.UseRouting();
        app.MapPost("/v1/traces", request => TakeAsync(request, ExportTraceServiceRequest.Parser, telemetry.Add));
        app.MapPost("/v1/metrics", request => TakeAsync(request, ExportMetricsServiceRequest.Parser, telemetry.Add));
        app.MapPost("/v1/logs", request => TakeAsync(request, ExportLogsServiceRequest.Parser, telemetry.Add));

        await app.StartAsync(cancellation);
        return new(app, telemetry);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task TakeAsync<T>(HttpContext context, MessageParser<T> parser, Action<T> add)
        where T : IMessage<T>
    {
        // The decompression in front takes away the header of an encoding that it knows.
        if (context.Request.ContentType != Protobuf || context.Request.Headers.ContentEncoding.Count > 0)
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        try
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            lock (Parsing)
            {
                add(parser.ParseFrom(body.GetBuffer().AsSpan(0, (int)body.Length)));
            }

            context.Response.ContentType = Protobuf;
        }
        catch (BadHttpRequestException exception)
        {
            context.Response.StatusCode = exception.StatusCode;
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidDataException or InvalidOperationException)
        {
            // The last one is what broken Brotli is; broken gzip is invalid data.
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
        }
    }
}
