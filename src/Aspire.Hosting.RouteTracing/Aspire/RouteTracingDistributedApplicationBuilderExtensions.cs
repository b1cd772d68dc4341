using Aspire.Hosting.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting;

/// <summary>Pushes exclusions from traces to every resource that sends telemetry.</summary>
public static class RouteTracingDistributedApplicationBuilderExtensions
{
    /// <summary>
    /// Leaves requests whose URL matches one of the patterns out of the traces of every resource that sends telemetry: projects, the integrations'
    /// application resources, and what has <c>WithOtlpExporter</c>; whether it is added to the application model before or after this call.
    /// </summary>
    /// <remarks>Each pattern is one regular expression, as for <see cref="RouteTracingResourceBuilderExtensions.WithExcludedUrls"/> on a resource. Calls add up.</remarks>
    /// <param name="builder">The builder of the application.</param>
    /// <param name="patterns">The regular expressions.</param>
    /// <returns><paramref name="builder"/>, to chain calls.</returns>
    /// <exception cref="ArgumentException">A pattern is empty or no valid .NET regular expression, or the list gets longer than 32 KB.</exception>
    [AspireExportIgnore(Reason = "Uses params; use the exported overload with an array.")]
    public static IDistributedApplicationBuilder WithExcludedUrls(this IDistributedApplicationBuilder builder, params string[] patterns)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(patterns);

        ApplicationExclusionsRegistration.AddTo(builder).List.Add(patterns, nameof(patterns));
        return builder;
    }

    /// <summary>
    /// Leaves the health checks of every resource that sends telemetry out of its traces: the paths of <c>WithHttpHealthCheck</c> and of HTTP probes. A check of
    /// <c>/</c> is not excluded, for that is a page of the application, too; a warning says so.
    /// </summary>
    /// <param name="builder">The builder of the application.</param>
    /// <returns><paramref name="builder"/>, to chain calls.</returns>
    [AspireExport("withExcludedHealthChecksOfAllResources", MethodName = "withExcludedHealthChecks")]
    public static IDistributedApplicationBuilder WithExcludedHealthChecks(this IDistributedApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);

        ApplicationExclusionsRegistration.AddTo(builder).ExcludesHealthChecks = true;
        return builder;
    }

    /// <ats-summary>Leaves requests whose URL matches one of the regular expressions out of the traces of every resource that sends telemetry.</ats-summary>
    [AspireExport("withExcludedUrlsOfAllResources", MethodName = "withExcludedUrls")]
    internal static IDistributedApplicationBuilder WithExcludedUrlsExport(this IDistributedApplicationBuilder builder, string[] patterns)
        => builder.WithExcludedUrls(patterns);
}
