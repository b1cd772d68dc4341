using System.Diagnostics.CodeAnalysis;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting;

/// <summary>Excludes requests from the traces of one resource.</summary>
public static class RouteTracingResourceBuilderExtensions
{
    /// <summary>Excludes requests whose URL matches any pattern from the traces of the resource.</summary>
    /// <remarks>
    /// <para>
    /// Calls add up, in any order, with the app-wide list and with the lists that the resource's variables hold. .NET projects read the
    /// list from <c>OTEL_DOTNET_EXCLUDED_URLS</c> and need the package Aspire.RouteTracing. Python resources read
    /// <c>OTEL_PYTHON_EXCLUDED_URLS</c>; patterns that Python doesn't support are ignored with a warning. JavaScript, Java, Go and
    /// Rust read no list. Containers and executables of unknown language get both variables.
    /// </para>
    /// <para>
    /// A pattern is case-sensitive. .NET services search it in the request's path, or in the whole URL if it contains <c>://</c>. Python
    /// services search a pattern without <c>^</c> in the host and the query, too.
    /// </para>
    /// </remarks>
    /// <typeparam name="T">The resource type.</typeparam>
    /// <param name="builder">The resource builder.</param>
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
    /// <example><code>builder.AddProject&lt;Projects.Orders&gt;("orders").WithExcludedUrls("client/.*/info",
    /// "healthcheck");</code></example>
    [AspireExport]
    public static IResourceBuilder<T> WithExcludedUrls<T>(
        this IResourceBuilder<T> builder, [StringSyntax(StringSyntaxAttribute.Regex)] params string[] patterns)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(patterns);
        DeclaredExclusions.Of(builder).Add(patterns);
        return builder;
    }

    /// <summary>
    /// Excludes the resource's health checks from the traces: Aspire's own HTTP health checks, and requests to the paths of the resource's
    /// HTTP health checks and probes.
    /// </summary>
    /// <remarks>
    /// While the AppHost runs, Aspire's health checks carry an unsampled <c>traceparent</c>, so every service with a parent-based sampler
    /// excludes them, in any language. The paths are also added to the list of excluded URLs, except <c>/</c>, which is usually a page.
    /// Health checks added after this call are excluded, too.
    /// </remarks>
    /// <typeparam name="T">The resource type.</typeparam>
    /// <param name="builder">The resource builder.</param>
    /// <returns>The same builder, for chaining.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    /// <exception cref="InvalidOperationException">Route tracing is used for the first time after the AppHost was built.</exception>
    [AspireExport]
    public static IResourceBuilder<T> WithExcludedHealthChecks<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        DeclaredExclusions.Of(builder).HealthChecks = true;
        return builder;
    }

    /// <summary>Ignores the app-wide exclusions for the resource. Exclusions on the resource itself still apply.</summary>
    /// <typeparam name="T">The resource type.</typeparam>
    /// <param name="builder">The resource builder.</param>
    /// <returns>The same builder, for chaining.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    /// <exception cref="InvalidOperationException">Route tracing is used for the first time after the AppHost was built.</exception>
    [AspireExport]
    public static IResourceBuilder<T> WithoutAppWideExclusions<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        DeclaredExclusions.Of(builder).IgnoresAppWide = true;
        return builder;
    }
}
