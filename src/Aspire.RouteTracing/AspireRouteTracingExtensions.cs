using Aspire.RouteTracing;

namespace Microsoft.Extensions.Hosting;

/// <summary>Provides extension methods that add route tracing to an application.</summary>
public static class AspireRouteTracingExtensions
{
    /// <summary>
    /// Adds route tracing to the application: names spans after routes, excludes requests from the traces, and runs hooks. See <see
    /// cref="RouteTracingSettings"/>.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The application must call <c>AddOpenTelemetry</c>, as Aspire's service defaults do. This method adds OpenTelemetry's ASP.NET Core
    /// instrumentation to the tracer provider if the application doesn't. The order of these calls doesn't matter, except that a callback
    /// of <c>ConfigureSampler</c> that wraps <c>always_on</c> belongs before this one. The filters and enrichment callbacks of the
    /// application still run.
    /// </para>
    /// <para>
    /// A second call only adds its delegate. In an application without HTTP requests, nothing is named or excluded.
    /// </para>
    /// </remarks>
    /// <typeparam name="TBuilder">The type of the builder.</typeparam>
    /// <param name="builder">The host application builder.</param>
    /// <param name="configureSettings">
    /// A delegate that configures the settings after the section <c>Aspire:RouteTracing</c> was bound. It runs again whenever the
    /// configuration changes. If it then throws an exception, the exception is logged and the previous settings still apply.
    /// </param>
    /// <returns>The same <paramref name="builder"/>, for chaining.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="configureSettings"/> is <see langword="async"/>. Nothing would await it.
    /// </exception>
    public static TBuilder AddRouteTracing<TBuilder>(this TBuilder builder, Action<RouteTracingSettings>? configureSettings = null)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);

        builder.Services.AddRouteTracing(configureSettings);
        return builder;
    }
}
