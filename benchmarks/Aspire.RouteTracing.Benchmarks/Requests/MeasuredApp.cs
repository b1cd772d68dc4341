using System.Diagnostics;
using Aspire.RouteTracing.Benchmarks.Decisions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Benchmarks.Requests;

/// <summary>An application behind the in-process server that answers the requests of a scenario.</summary>
internal sealed class MeasuredApp : IDisposable
{
    public const string SourceName = "Aspire.RouteTracing.Benchmarks";

    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(5);

    private readonly WebApplication _app;
    private readonly InProcessServer _server;
    private readonly string _path;

    private MeasuredApp(WebApplication app, InProcessServer server, string path) => (_app, _server, _path) = (app, server, path);

    /// <summary>The headers that every request has.</summary>
    public static readonly string[] Headers = ["x-tenant", "x-request-id", "x-version"];

    public static MeasuredApp Start(Scenario scenario, bool withRouteTracing, IEnumerable<string>? excludedUrls = null)
    {
        var server = new InProcessServer(Headers);
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["OTEL_TRACES_SAMPLER"] = scenario.Sampler;
        builder.Services.AddSingleton<IServer>(server);
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing
            .AddSource(SourceName)
            .AddProcessor(new DiscardingProcessor()))
            .WithMetrics(metrics => metrics.AddAspNetCoreInstrumentation().AddReader(new DiscardingReader()));
        if (withRouteTracing && scenario.Instead is { } addInstead)
        {
            addInstead(builder.Services);
        }
        else if (withRouteTracing)
        {
            builder.AddRouteTracing(settings =>
            {
                foreach (var item in excludedUrls ?? [.. ExclusionLists.Mixed.Create(10), "^/health$"])
                {
                    settings.ExcludedUrls.Add(item);
                }

                scenario.Settings?.Invoke(settings);
            });
        }
        else
        {
            builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(options => scenario.Options?.Invoke(options));
            builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddAspNetCoreInstrumentation());
        }

        var app = builder.Build();
        scenario.Map?.Invoke(app);
        Scenario.MapCommon(app);
        app.StartAsync().GetAwaiter().GetResult();
        return new MeasuredApp(app, server, scenario.Path);
    }

    public void Send() => _server.Send(_path);

    /// <summary>Sends requests until the runtime has compiled in its last tier what they run through.</summary>
    public void WarmUp()
    {
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < WarmUpTime;)
        {
            Send();
        }
    }

    public void Dispose()
    {
        _app.StopAsync().GetAwaiter().GetResult();
        _app.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    // Without exporters: at this rate, their threads would always run and disturb the measurement.
    private sealed class DiscardingProcessor : BaseProcessor<Activity>
    {
    }

    private sealed class DiscardingReader : MetricReader
    {
    }
}
