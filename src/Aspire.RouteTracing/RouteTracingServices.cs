using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Hooks;
using Aspire.RouteTracing.Instrumentation;
using Aspire.RouteTracing.LiveList;
using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing;

/// <summary>Registers the services of both <c>AddRouteTracing</c> methods.</summary>
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
            services.Configure<RouteTracingSettings>(settings => SynchronousContext.Invoke(configureSettings, settings));
        }
    }

    private static void AddRouteTracingOnce(this IServiceCollection services)
    {
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(typeof(SafeLogger<>));

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
        services.AddSingleton<FailedRequestSpan>();
        services.AddSingleton<IDeveloperPageExceptionFilter>(provider => provider.GetRequiredService<FailedRequestSpan>());
        services.AddSingleton<RequestExclusion>();
        services.AddSingleton<RoutingTables>();
        services.AddSingleton<EndpointExclusion>();
        services.AddSingleton<ConfiguredPathBases>();
        services.AddSingleton<RouteNaming>();
        services.AddSingleton<RequestHooks>();
        services.AddSingleton<RouteMatchedObserver>();
        services.AddSingleton<ExcludedRoutes>();
        services.AddHostedService<ExclusionReport>();

        services.AddSingleton<MatcherPolicy, RouteNamePolicy>();

        // The first startup filter is the outermost, so that the request includes the middleware of other filters.
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, RouteTracingMiddleware>());
        services.AddSingleton<AspNetCoreCallbacks>();
        services.AddSingleton<IValidateOptions<AspNetCoreTraceInstrumentationOptions>>(
            provider => provider.GetRequiredService<AspNetCoreCallbacks>());
        services.ConfigureOpenTelemetryTracerProvider(tracing => tracing
            .ConfigureSampler((_, sampler) => ExcludedRequestSampler.Around(sampler))
            .AddProcessor(provider => new ExcludedSpanProcessor(provider.GetRequiredService<ExclusionSignature>())));
        services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddMeter(RequestExclusion.MeterName));
    }

    /// <summary>
    /// Rejects an async settings delegate. It isn't awaited, so its exceptions would end the process, and the settings after its first
    /// await would have no effect.
    /// </summary>
    private sealed class SynchronousContext : SynchronizationContext
    {
        public static void Invoke(Action<RouteTracingSettings> configureSettings, RouteTracingSettings settings)
        {
            var before = Current;
            SetSynchronizationContext(new SynchronousContext());
            try
            {
                configureSettings(settings);
            }
            finally
            {
                SetSynchronizationContext(before);
            }
        }

        // Called when an async void method starts.
        public override void OperationStarted() => throw new InvalidOperationException(
            "The delegate given to AddRouteTracing must not be async, because it is not awaited. Load the values before you call it.");
    }
}
