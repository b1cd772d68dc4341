using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Hooks;
using Aspire.RouteTracing.Instrumentation;
using Aspire.RouteTracing.LiveList;
using Aspire.RouteTracing.RouteNames;
using Aspire.RouteTracing.ServerErrors;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing;

/// <summary>What both <c>AddRouteTracing</c> methods register.</summary>
internal static class RouteTracingServices
{
    public static void AddRouteTracing(this IServiceCollection services, Action<RouteTracingSettings>? configureSettings)
    {
        if (services.All(service => service.ServiceType != typeof(ActiveRouteTracing)))
        {
            services.AddRouteTracingOnce();
        }

        if (configureSettings is not null)
        {
            services.Configure(configureSettings);
        }
    }

    // A second AddAspNetCoreInstrumentation under the same options name adds no second listener.
    public static void AddAspNetCoreInstrumentation(this IServiceCollection services)
        => services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddAspNetCoreInstrumentation());

    private static void AddRouteTracingOnce(this IServiceCollection services)
    {
        services.AddLogging();
        services.AddMetrics();

        services.AddSingleton<ExclusionsFile>();
        services.AddOptions<RouteTracingSettings>().Configure<IConfiguration, ExclusionsFile>(
            static (settings, configuration, file) => settings.Bind(configuration, file));
        services.AddSingleton<IOptionsChangeTokenSource<RouteTracingSettings>>(provider =>
            new ConfigurationChangeTokenSource<RouteTracingSettings>(provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton<IOptionsChangeTokenSource<RouteTracingSettings>>(provider => provider.GetRequiredService<ExclusionsFile>());

        services.AddSingleton<ActiveRouteTracing>();
        services.AddSingleton<IRouteTracing>(provider => provider.GetRequiredService<ActiveRouteTracing>());
        services.AddSingleton<AppRequests>();
        services.AddSingleton<ExclusionSignature>();
        services.AddSingleton<ExcludedRequests>();
        services.AddSingleton<ExcludedRequestsCounter>();
        services.AddSingleton<RequestExclusion>();
        services.AddSingleton<EndpointExclusion>();
        services.AddSingleton<RouteNaming>();
        services.AddSingleton<ServerErrorTags>();
        services.AddSingleton<RequestHooks>();
        services.AddSingleton<RouteMatchedObserver>();

        services.AddSingleton<MatcherPolicy, RouteNamePolicy>();

        // The first startup filter registered is the outermost: what the filters of others do belongs to the request, too.
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, RouteTracingStartupFilter>());
        services.AddSingleton<IValidateOptions<AspNetCoreTraceInstrumentationOptions>, AspNetCoreInstrumentationSetup>();
        services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.ConfigureSampler(
            (provider, sampler) => ExcludedRequestSampler.Around(sampler, provider.GetRequiredService<ExcludedRequests>())));
        services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddMeter(ExcludedRequestsCounter.MeterName));
    }
}
