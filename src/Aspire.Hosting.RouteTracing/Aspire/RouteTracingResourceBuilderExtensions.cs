using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting;

/// <summary>Pushes exclusions from traces to one resource.</summary>
public static class RouteTracingResourceBuilderExtensions
{
    /// <summary>
    /// Leaves requests whose URL matches one of the patterns out of the traces of this resource, with everything that they start.
    /// </summary>
    /// <remarks>
    /// <para>
    /// Each pattern is one regular expression, searched (not anchored) in the path of the request, case-sensitively. Calls add up, in any order, also with
    /// the list for every resource and with a value that the application gives the variable itself. A .NET project reads them with the package
    /// Aspire.RouteTracing from <c>OTEL_DOTNET_EXCLUDED_URLS</c>; a Python application reads <c>OTEL_PYTHON_EXCLUDED_URLS</c>; other containers and executables get both.
    /// </para>
    /// <para>
    /// In run mode the resource samples by <c>parentbased_always_on</c> instead of the <c>always_on</c> that Aspire sets in Development, so that it is quiet behind an
    /// excluded request of another resource; a sampler that the application sets stays.
    /// </para>
    /// </remarks>
    /// <typeparam name="T">The type of the resource.</typeparam>
    /// <param name="builder">The builder of the resource.</param>
    /// <param name="patterns">The regular expressions.</param>
    /// <returns><paramref name="builder"/>, to chain calls.</returns>
    /// <exception cref="ArgumentException">A pattern is empty or no valid .NET regular expression, or the list gets longer than 32 KB.</exception>
    [AspireExportIgnore(Reason = "Uses params; use the exported overload with an array.")]
    public static IResourceBuilder<T> WithExcludedUrls<T>(this IResourceBuilder<T> builder, params string[] patterns)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(patterns);

        Exclusions(builder).Add(patterns, nameof(patterns));
        return builder;
    }

    /// <summary>
    /// Leaves the health checks of this resource out of its traces: the paths of <c>WithHttpHealthCheck</c> and of HTTP probes, wherever in the application model
    /// they are declared. A check of <c>/</c> is not excluded, for that is a page of the application, too; a warning says so.
    /// </summary>
    /// <typeparam name="T">The type of the resource.</typeparam>
    /// <param name="builder">The builder of the resource.</param>
    /// <returns><paramref name="builder"/>, to chain calls.</returns>
    [AspireExport]
    public static IResourceBuilder<T> WithExcludedHealthChecks<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);

        Exclusions(builder).ExcludesHealthChecks = true;
        return builder;
    }

    /// <summary>
    /// Keeps the exclusions for every resource, given to the application's builder, from this one. Its own exclusions stay.
    /// </summary>
    /// <typeparam name="T">The type of the resource.</typeparam>
    /// <param name="builder">The builder of the resource.</param>
    /// <returns><paramref name="builder"/>, to chain calls.</returns>
    [AspireExport]
    public static IResourceBuilder<T> WithoutExcludedUrls<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);

        Exclusions(builder).IgnoresAppWide = true;
        return builder;
    }

    /// <ats-summary>Leaves requests whose URL matches one of the regular expressions out of the traces of this resource.</ats-summary>
    [AspireExport("withExcludedUrls")]
    internal static IResourceBuilder<T> WithExcludedUrlsExport<T>(this IResourceBuilder<T> builder, string[] patterns)
        where T : IResourceWithEnvironment
        => builder.WithExcludedUrls(patterns);

    // The variables are there at once, for a test that evaluates them without starting the application.
    private static ResourceExclusionsAnnotation Exclusions<T>(IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment
    {
        var application = ApplicationExclusionsRegistration.AddTo(builder.ApplicationBuilder);
        var annotation = ResourceExclusionsAnnotation.Of(builder.Resource);
        ExclusionEnvironmentCallback.AddTo(builder.Resource, application);
        return annotation;
    }
}
