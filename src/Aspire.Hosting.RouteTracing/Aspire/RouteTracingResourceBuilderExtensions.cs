using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing;

namespace Aspire.Hosting;

/// <summary>Tells a resource which requests to leave out of its traces.</summary>
public static class RouteTracingResourceBuilderExtensions
{
    /// <summary>Leaves requests whose URL one of the patterns is found in out of the resource's traces.</summary>
    /// <remarks>
    /// <para>
    /// Calls add up, in any order, with the app-wide list and with what the resource's variables already say. .NET projects read the list
    /// from <c>OTEL_DOTNET_EXCLUDED_URLS</c> (with the package Aspire.RouteTracing), Python resources from
    /// <c>OTEL_PYTHON_EXCLUDED_URLS</c>, where what Python can't say is left out with a warning; other containers and executables get both.
    /// </para>
    /// <para>A pattern is searched in the request's path, one that contains <c>://</c> in the whole URL. Case matters.</para>
    /// </remarks>
    /// <typeparam name="T">The resource's type.</typeparam>
    /// <param name="builder">The resource's builder.</param>
    /// <param name="patterns">Regular expressions, one an argument; commas need no escape.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">A pattern is empty or can't be read, or the list would be longer than 32 KB.</exception>
    /// <example><code>builder.AddProject&lt;Projects.Orders&gt;("orders").WithExcludedUrls("client/.*/info", "healthcheck");</code></example>
    [AspireExportIgnore(Reason = "An array instead of params in withExcludedUrls.")]
    public static IResourceBuilder<T> WithExcludedUrls<T>(this IResourceBuilder<T> builder, params string[] patterns)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(patterns);
        RouteTracingAnnotation.Of(builder).Exclude(patterns);
        return builder;
    }

    /// <summary>Leaves the requests of the resource's own health checks out of its traces.</summary>
    /// <remarks>These are the paths given to <c>WithHttpHealthCheck</c> and <c>WithHttpProbe</c>, before or after this call. A check of <c>/</c> is not excluded, for that is a page of the application, too.</remarks>
    /// <typeparam name="T">The resource's type.</typeparam>
    /// <param name="builder">The resource's builder.</param>
    /// <returns>The same builder.</returns>
    [AspireExport]
    public static IResourceBuilder<T> WithExcludedHealthChecks<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        RouteTracingAnnotation.Of(builder).ExcludeHealthChecks();
        return builder;
    }

    /// <summary>Takes the resource out of what is excluded app-wide. What is excluded on the resource itself stays so.</summary>
    /// <typeparam name="T">The resource's type.</typeparam>
    /// <param name="builder">The resource's builder.</param>
    /// <returns>The same builder.</returns>
    [AspireExport]
    public static IResourceBuilder<T> WithoutExcludedUrls<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        RouteTracingAnnotation.Of(builder).IgnoresAppWideList = true;
        return builder;
    }

    [AspireExport("withExcludedUrls")]
    internal static IResourceBuilder<T> WithExcludedUrlsExport<T>(this IResourceBuilder<T> builder, string[] patterns)
        where T : IResourceWithEnvironment
        => builder.WithExcludedUrls(patterns);
}
