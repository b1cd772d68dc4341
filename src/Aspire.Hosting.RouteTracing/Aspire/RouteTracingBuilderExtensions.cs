using Aspire.Hosting.RouteTracing;

namespace Aspire.Hosting;

/// <summary>Tells every resource with telemetry which requests to leave out of its traces.</summary>
public static class RouteTracingBuilderExtensions
{
    /// <summary>Leaves requests whose URL one of the patterns is found in out of the traces of every resource with telemetry, whenever it is added.</summary>
    /// <remarks>
    /// Resources with telemetry are projects, the applications of Aspire's language integrations, and what calls <c>WithOtlpExporter</c>.
    /// <see cref="RouteTracingResourceBuilderExtensions.WithoutExcludedUrls"/> takes one out. Everything else is as for
    /// <see cref="RouteTracingResourceBuilderExtensions.WithExcludedUrls"/>.
    /// </remarks>
    /// <param name="builder">The application's builder.</param>
    /// <param name="patterns">Regular expressions, one an argument; commas need no escape.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">A pattern is empty or can't be read, or the list would be longer than 32 KB.</exception>
    [AspireExportIgnore(Reason = "An array instead of params in withExcludedUrls.")]
    public static IDistributedApplicationBuilder WithExcludedUrls(this IDistributedApplicationBuilder builder, params string[] patterns)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(patterns);
        AppRouteTracing.Of(builder).Exclude(patterns);
        return builder;
    }

    /// <summary>Leaves the requests of health checks out of the traces of every resource with telemetry: of each the paths of its own checks.</summary>
    /// <param name="builder">The application's builder.</param>
    /// <returns>The same builder.</returns>
    [AspireExport("withAppExcludedHealthChecks", MethodName = "withExcludedHealthChecks")]
    public static IDistributedApplicationBuilder WithExcludedHealthChecks(this IDistributedApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AppRouteTracing.Of(builder).ExcludeHealthChecks();
        return builder;
    }

    [AspireExport("withAppExcludedUrls", MethodName = "withExcludedUrls")]
    internal static IDistributedApplicationBuilder WithExcludedUrlsExport(this IDistributedApplicationBuilder builder, string[] patterns) =>
        builder.WithExcludedUrls(patterns);
}
