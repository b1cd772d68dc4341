using Aspire.RouteTracing;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds route tracing to an application.</summary>
public static class AspireRouteTracingExtensions
{
    /// <summary>
    /// Adds route tracing on top of OpenTelemetry's ASP.NET Core instrumentation, which it adds to the tracer provider if need be: spans
    /// named after the route that matched, exclusion lists that take the whole subtree of an excluded request with them, and hooks, see
    /// <see cref="RouteTracingSettings"/>.
    /// </summary>
    /// <remarks>
    /// The order of this call and of <c>AddOpenTelemetry</c> and <c>AddAspNetCoreInstrumentation</c> does not matter, and the filters and
    /// enrichment callbacks given there stay in force. A second call adds its delegate and nothing else. In an application that serves no
    /// HTTP requests it does nothing.
    /// </remarks>
    /// <typeparam name="TBuilder">The type of the builder.</typeparam>
    /// <param name="builder">The builder of the application.</param>
    /// <param name="configureSettings">
    /// Runs after the section <c>Aspire:RouteTracing</c> is bound, and again whenever the configuration changes. If it throws an exception
    /// then, that is logged, and the previous settings still apply until the configuration changes again.
    /// </param>
    /// <returns>The same <paramref name="builder"/>, for chaining.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    public static TBuilder AddRouteTracing<TBuilder>(this TBuilder builder, Action<RouteTracingSettings>? configureSettings = null)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);

        builder.Services.AddRouteTracing(configureSettings);
        builder.Services.AddAspNetCoreInstrumentation();
        return builder;
    }
}
