using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Benchmarks.Requests;

/// <summary>
/// What route tracing can't do without, and nothing else: callbacks, a middleware, a sampler and a processor that do nothing, and for the
/// excluded path an object in the execution context and a counter.
/// </summary>
internal sealed class EmptyParts : IStartupFilter
{
    private const string ExcludedPath = "/health";
    private const string MeterName = "Aspire.RouteTracing.Benchmarks";

    private static readonly AsyncLocal<object?> Excluded = new();

    private readonly Counter<long> _requests;

    public EmptyParts(IMeterFactory meters) => _requests = meters.Create(MeterName).CreateCounter<long>("requests");

    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<IStartupFilter, EmptyParts>();
        services.Configure<AspNetCoreTraceInstrumentationOptions>(options =>
        {
            options.Filter = IsTraced;
            options.EnrichWithHttpRequest = (_, _) => { };
            options.EnrichWithHttpResponse = (_, _) => { };
        });
        services.AddOpenTelemetry()
            .WithTracing(tracing => tracing
                .ConfigureSampler((_, sampler) => sampler is AlwaysOnSampler ? sampler : new EmptySampler(sampler))
                .AddProcessor(new EmptyProcessor())
                .AddAspNetCoreInstrumentation())
            .WithMetrics(metrics => metrics.AddMeter(MeterName));
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
        app =>
        {
            app.Use(pipeline => context => Excluded.Value is null ? pipeline(context) : CountAsync(context, pipeline));
            next(app);
        };

    private static bool IsTraced(HttpContext context)
    {
        if (context.Request.Path != ExcludedPath)
        {
            return true;
        }

        Excluded.Value = new object();
        return false;
    }

    private async Task CountAsync(HttpContext context, RequestDelegate next)
    {
        context.Features.Get<IHttpMetricsTagsFeature>()!.MetricsDisabled = true;
        await next(context);
        _requests.Add(1, new("pattern", ExcludedPath), new("http.response.status_code", "200"));
    }

    private sealed class EmptySampler(Sampler sampler) : Sampler
    {
        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) => sampler.ShouldSample(samplingParameters);
    }

    private sealed class EmptyProcessor : BaseProcessor<Activity>
    {
        public override void OnStart(Activity data)
        {
        }
    }
}
