using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
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

    private MeasuredApp(WebApplication app, InProcessServer server)
    {
        _app = app;
        Server = server;
    }

    public InProcessServer Server { get; }

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

    public void Dispose()
    {
        _app.StopAsync().GetAwaiter().GetResult();
        _app.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private static MeasuredApp Start(Action<WebApplicationBuilder> configure)
    {
        var server = new InProcessServer();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IServer>(server);
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddProcessor(new NoExport()));
        configure(builder);
        var app = builder.Build();
        app.MapGet("/orders/{id}", () => "");
        app.MapGet("/health", () => "");
        app.StartAsync().GetAwaiter().GetResult();
        return new MeasuredApp(app, server);
    }

    // Exporting is a batch's work on another thread.
    private sealed class NoExport : BaseProcessor<Activity>;
}
