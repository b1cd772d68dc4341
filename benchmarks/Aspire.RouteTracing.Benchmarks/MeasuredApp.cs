using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Benchmarks;

/// <summary>One minimal API behind the in-process server, traced in the way a benchmark names.</summary>
internal sealed class MeasuredApp : IDisposable
{
    private readonly WebApplication _app;
    private readonly SpanCounter _spans;

    private MeasuredApp(WebApplication app, InProcessServer server, SpanCounter spans)
    {
        _app = app;
        _spans = spans;
        Server = server;
    }

    public InProcessServer Server { get; }

    /// <summary>How many spans an exporter would have got.</summary>
    public int RecordedSpans => _spans.Count;

    /// <summary>OpenTelemetry's instrumentation as it comes, with a filter or without.</summary>
    public static MeasuredApp Stock(Func<HttpContext, bool>? filter = null) => Start(builder =>
    {
        builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(options => options.Filter = filter);
        builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddAspNetCoreInstrumentation());
    });

    /// <summary>The filter people write by hand.</summary>
    public static MeasuredApp HandWritten(IEnumerable<string> patterns)
    {
        var filter = new HandWrittenFilter(patterns);
        return Stock(context => filter.ShouldRecord(context.Request));
    }

    public static MeasuredApp RouteTracing(params IEnumerable<string> patterns) => Start(builder => builder.AddRouteTracing(settings =>
    {
        foreach (var pattern in patterns)
        {
            settings.ExcludedUrls.Add(pattern);
        }
    }));

    public static MeasuredApp Untraced() => Start(_ => { });

    /// <summary>Puts an exclusion list in the place of the one in the configuration. Returns when it is in force.</summary>
    public void Reload(string excludedUrls)
    {
        _app.Configuration["OTEL_DOTNET_EXCLUDED_URLS"] = excludedUrls;
        ((IConfigurationRoot)_app.Configuration).Reload();
    }

    public void Dispose()
    {
        _app.StopAsync().GetAwaiter().GetResult();
        _app.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private static MeasuredApp Start(Action<WebApplicationBuilder> configure)
    {
        var server = new InProcessServer();
        var spans = new SpanCounter();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IServer>(server);
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddProcessor(spans));
        configure(builder);
        var app = builder.Build();
        app.MapGet("/orders/{id}", () => "");
        app.MapGet("/health", () => "");
        app.StartAsync().GetAwaiter().GetResult();
        WarmUp(server);
        return new MeasuredApp(app, server, spans);
    }

    // The runtime compiles what runs often again, in the background, up to the last tier. A request runs through so much code that this takes it a while.
    private static void WarmUp(InProcessServer server)
    {
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(2);)
        {
            server.Send("/orders/1");
            server.Send("/health");
        }
    }

    // Spans go the way they go in any service, in batches to another thread, but for what an exporter makes of them.
    private sealed class SpanCounter() : BatchActivityExportProcessor(new DiscardingExporter())
    {
        public int Count { get; private set; }

        public override void OnEnd(Activity data)
        {
            Count++;
            base.OnEnd(data);
        }
    }

    private sealed class DiscardingExporter : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch) => ExportResult.Success;
    }
}
