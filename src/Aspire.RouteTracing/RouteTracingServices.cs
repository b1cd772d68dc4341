using System.Runtime.CompilerServices;
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
    /// <exception cref="ArgumentException"><paramref name="configureSettings"/> is async.</exception>
    public static void AddRouteTracing(this IServiceCollection services, Action<RouteTracingSettings>? configureSettings)
    {
        // An exception of an async void method would end the process.
        if (configureSettings?.Method.IsDefined(typeof(AsyncStateMachineAttribute), inherit: false) == true)
        {
            throw new ArgumentException(
                "The delegate must not be async, because it is not awaited. Load the values before the call of AddRouteTracing.",
                nameof(configureSettings));
        }

        if (services.All(service => service.ServiceType != typeof(ActiveRouteTracing)))
        {
            services.AddRouteTracingOnce();
        }

        if (configureSettings is not null)
        {
            services.Configure(configureSettings);
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

        // If the application adds the instrumentation, too, the second call has no effect.
        services.ConfigureOpenTelemetryTracerProvider(tracing => tracing
            .ConfigureSampler((_, sampler) => ExcludedRequestSampler.Around(sampler))
            .AddProcessor(provider => new ExcludedSpanProcessor(provider.GetRequiredService<ExclusionSignature>()))
            .AddAspNetCoreInstrumentation());
        services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddMeter(RequestExclusion.MeterName));
    }
}
