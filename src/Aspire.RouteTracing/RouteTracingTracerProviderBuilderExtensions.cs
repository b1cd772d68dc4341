using Aspire.RouteTracing;
using Aspire.RouteTracing.Instrumentation;

namespace OpenTelemetry.Trace;

/// <summary>Adds route tracing to one tracer provider.</summary>
public static class RouteTracingTracerProviderBuilderExtensions
{
    /// <summary>
    /// Adds OpenTelemetry's ASP.NET Core instrumentation with route tracing to this tracer provider, as one among several in the process
    /// (the <c>tracer_provider</c> argument of OpenTelemetry's Flask instrumentation).
    /// </summary>
    /// <remarks>
    /// A provider that is built with <c>Sdk.CreateTracerProviderBuilder</c> reads its settings from environment variables and from
    /// <paramref name="configureSettings"/>, and serves every web application of the process. A request has one activity, which all tracer
    /// providers share: the server span that this one excludes, none of them exports. It has no place in the request pipelines: a request
    /// that its sampler drops is not examined, excluded requests are not counted, and <see
    /// cref="RouteTracingSettings.ResponsePropagators"/> and <see cref="RouteTracingSettings.KeepFailedRequests"/> have no effect.
    /// </remarks>
    /// <param name="builder">The builder of the tracer provider.</param>
    /// <param name="configureSettings">
    /// Runs after the section <c>Aspire:RouteTracing</c> is bound, and again whenever the configuration changes. If it throws an exception
    /// then, that is logged, and the previous settings still apply until the configuration changes again.
    /// </param>
    /// <returns>The same <paramref name="builder"/>, for chaining.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    public static TracerProviderBuilder AddRouteTracing(
        this TracerProviderBuilder builder, Action<RouteTracingSettings>? configureSettings = null)
    {
        ArgumentNullException.ThrowIfNull(builder);

        return builder
            .ConfigureServices(services => services.AddRouteTracing(configureSettings))
            .AddAspNetCoreInstrumentation()
            .AddInstrumentation(provider => new RouteMatchedSubscriber(provider));
    }
}
