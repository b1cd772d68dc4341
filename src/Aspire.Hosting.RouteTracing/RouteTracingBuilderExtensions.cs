using System.Diagnostics.CodeAnalysis;
using Aspire.Hosting.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting;

/// <summary>Excludes requests from the traces of every resource that exports telemetry.</summary>
public static class RouteTracingBuilderExtensions
{
    /// <summary>
    /// Excludes requests whose URL matches any pattern from the traces of every resource that exports telemetry, including resources added
    /// later.
    /// </summary>
    /// <remarks>
    /// <para>
    /// Projects, the applications of Aspire's language integrations, and resources with <c>WithOtlpExporter</c> export telemetry. A
    /// resource with <c>WithoutAppWideExclusions</c> ignores these patterns. Calls add up, in any order, with the lists of the resources.
    /// </para>
    /// <para>
    /// A pattern is case-sensitive. .NET services search it in the request's path, or in the whole URL if it contains <c>://</c>. Python
    /// services search a pattern without <c>^</c> in the host and the query, too.
    /// </para>
    /// </remarks>
    /// <param name="builder">The distributed application builder.</param>
    /// <param name="patterns">.NET regular expressions, one per argument. Commas need no escape.</param>
    /// <returns>The same builder, for chaining.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="builder"/> or <paramref name="patterns"/> is <see langword="null"/>.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// A pattern is empty, invalid, or longer than 1,000 characters, or the list would be longer than 32,000 bytes. If the app-wide list
    /// and that of a resource are longer together, the AppHost fails to start or to publish.
    /// </exception>
    /// <exception cref="InvalidOperationException">Route tracing is used for the first time after the AppHost was built.</exception>
    [AspireExport("withAppExcludedUrls", MethodName = "withExcludedUrls")]
    public static IDistributedApplicationBuilder WithExcludedUrls(
        this IDistributedApplicationBuilder builder, [StringSyntax(StringSyntaxAttribute.Regex)] params string[] patterns)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(patterns);
        AppExclusions.Of(builder).Declared.Add(patterns);
        return builder;
    }

    /// <summary>
    /// Excludes the health checks of every resource that exports telemetry from the traces: Aspire's own HTTP health checks, and requests
    /// to the paths of each resource's HTTP health checks and probes.
    /// </summary>
    /// <remarks>
    /// While the AppHost runs, Aspire's health checks carry an unsampled <c>traceparent</c>, so every service with a parent-based sampler
    /// excludes them, in any language. The paths are also added to the list of excluded URLs, except <c>/</c>, which is usually a page.
    /// Health checks and resources added after this call are excluded, too.
    /// </remarks>
    /// <param name="builder">The distributed application builder.</param>
    /// <returns>The same builder, for chaining.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    /// <exception cref="InvalidOperationException">Route tracing is used for the first time after the AppHost was built.</exception>
    [AspireExport("withAppExcludedHealthChecks", MethodName = "withExcludedHealthChecks")]
    public static IDistributedApplicationBuilder WithExcludedHealthChecks(this IDistributedApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AppExclusions.Of(builder).Declared.HealthChecks = true;
        return builder;
    }
}
