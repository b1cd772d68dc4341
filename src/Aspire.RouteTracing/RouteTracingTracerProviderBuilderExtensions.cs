using Aspire.RouteTracing;
using Aspire.RouteTracing.Instrumentation;
using Microsoft.Extensions.DependencyInjection;

namespace OpenTelemetry.Trace;

/// <summary>Provides extension methods that add route tracing to a tracer provider.</summary>
public static class RouteTracingTracerProviderBuilderExtensions
{
    /// <summary>
    /// Adds OpenTelemetry's ASP.NET Core instrumentation with route tracing to a tracer provider: that of an application whose builder
    /// isn't an <c>IHostApplicationBuilder</c>, such as one with a <c>Startup</c> class, or one of several tracer providers of the process.
    /// </summary>
    /// <remarks>
    /// <para>
    /// All tracer providers of the process share the activity of a request. If this provider excludes a request, no provider exports its
    /// server span.
    /// </para>
    /// <para>
    /// A provider that is built with <c>Sdk.CreateTracerProviderBuilder</c> serves every web application of the process. It reads its
    /// settings from environment variables and from <paramref name="configureSettings"/>. Because it adds no middleware to the
    /// applications, it doesn't examine requests that its sampler drops and doesn't count excluded requests. <see
    /// cref="RouteTracingSettings.ResponsePropagators"/>, <see cref="RouteTracingSettings.KeepFailedRequests"/> and <see
    /// cref="RouteTracingSettings.ExcludeFromMetrics"/> have no effect: excluded requests stay in <c>http.server.request.duration</c>.
    /// </para>
    /// </remarks>
    /// <param name="builder">The tracer provider builder.</param>
    /// <param name="configureSettings">
    /// A delegate that configures the settings after the section <c>Aspire:RouteTracing</c> was bound. It runs again whenever the
    /// configuration changes. If it then throws an exception, the exception is logged and the previous settings still apply.
    /// </param>
    /// <returns>The same <paramref name="builder"/>, for chaining.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="configureSettings"/> is <see langword="async"/>. Nothing would await it.
    /// </exception>
    public static TracerProviderBuilder AddRouteTracing(
        this TracerProviderBuilder builder, Action<RouteTracingSettings>? configureSettings = null)
    {
        ArgumentNullException.ThrowIfNull(builder);

        return builder
            .ConfigureServices(services => services.AddRouteTracing(configureSettings))
            .AddInstrumentation(SubscribeToRoutes);
    }

    private static RouteMatchedObserver SubscribeToRoutes(IServiceProvider services)
    {
        var observer = services.GetRequiredService<RouteMatchedObserver>();

        // An application subscribes when it runs a hook.
        if (services.GetRequiredService<AppRequests>().AreOfAllApplications)
        {
            observer.SubscribeToAll();
        }

        return observer;
    }
}
