using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting;

/// <summary>Tells a resource which requests to leave out of its traces, and which headers to put in.</summary>
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
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="patterns"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">A pattern is empty or can't be read, or the list would have more than 32,000 bytes.</exception>
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
    /// <remarks>
    /// These are the paths of its HTTP health checks and HTTP probes, added before or after this call. A check of <c>/</c> is not excluded, for that is a page
    /// of the application, too; a warning says so at the start.
    /// </remarks>
    /// <typeparam name="T">The resource's type.</typeparam>
    /// <param name="builder">The resource's builder.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
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
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    [AspireExport]
    public static IResourceBuilder<T> WithoutExcludedUrls<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        RouteTracingAnnotation.Of(builder).IgnoresAppWideList = true;
        return builder;
    }

    /// <summary>Makes headers of the requests to the resource attributes of their spans.</summary>
    /// <remarks>
    /// A name is matched whole, in whatever case. Values of headers such as <c>authorization</c> and <c>cookie</c> are redacted. .NET and Python read the names from
    /// <c>OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST</c>; calls add up with each other and with what it says.
    /// </remarks>
    /// <typeparam name="T">The resource's type.</typeparam>
    /// <param name="builder">The resource's builder.</param>
    /// <param name="names">Regular expressions without commas, one an argument.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="names"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">A name is empty, has a comma, can't be read or needs backtracking.</exception>
    [AspireExportIgnore(Reason = "An array instead of params in withCapturedRequestHeaders.")]
    public static IResourceBuilder<T> WithCapturedRequestHeaders<T>(this IResourceBuilder<T> builder, params string[] names)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(names);
        RouteTracingAnnotation.Of(builder).Headers.Request.Add(names);
        return builder;
    }

    /// <summary>Makes headers of the responses of the resource attributes of their spans.</summary>
    /// <remarks>
    /// A name is matched whole, in whatever case. Values of headers such as <c>set-cookie</c> are redacted. .NET and Python read the names from
    /// <c>OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE</c>; calls add up with each other and with what it says.
    /// </remarks>
    /// <typeparam name="T">The resource's type.</typeparam>
    /// <param name="builder">The resource's builder.</param>
    /// <param name="names">Regular expressions without commas, one an argument.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="names"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">A name is empty, has a comma, can't be read or needs backtracking.</exception>
    [AspireExportIgnore(Reason = "An array instead of params in withCapturedResponseHeaders.")]
    public static IResourceBuilder<T> WithCapturedResponseHeaders<T>(this IResourceBuilder<T> builder, params string[] names)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(names);
        RouteTracingAnnotation.Of(builder).Headers.Response.Add(names);
        return builder;
    }

    /// <summary>Keeps the values of headers out of the resource's traces: of a captured one the attribute is <c>[REDACTED]</c>.</summary>
    /// <remarks>
    /// A name is searched in that of the header, in whatever case. .NET services redact headers such as <c>authorization</c> and <c>cookie</c> without being
    /// told. .NET and Python read the names from <c>OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS</c>; calls add up with each other and with what
    /// it says.
    /// </remarks>
    /// <typeparam name="T">The resource's type.</typeparam>
    /// <param name="builder">The resource's builder.</param>
    /// <param name="names">Regular expressions without commas, one an argument.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="names"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">A name is empty, has a comma, can't be read or needs backtracking.</exception>
    [AspireExportIgnore(Reason = "An array instead of params in withSanitizedHeaders.")]
    public static IResourceBuilder<T> WithSanitizedHeaders<T>(this IResourceBuilder<T> builder, params string[] names)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(names);
        RouteTracingAnnotation.Of(builder).Headers.Sanitized.Add(names);
        return builder;
    }

    /// <summary>Leaves requests to some URLs out of the resource's traces.</summary>
    /// <typeparam name="T">The resource's type.</typeparam>
    /// <param name="builder">The resource's builder.</param>
    /// <param name="patterns">Regular expressions. One that contains <c>://</c> is searched in the whole URL, any other in the path.</param>
    /// <returns>The same builder.</returns>
    [AspireExport("withExcludedUrls")]
    internal static IResourceBuilder<T> WithExcludedUrlsExport<T>(this IResourceBuilder<T> builder, string[] patterns)
        where T : IResourceWithEnvironment
        => builder.WithExcludedUrls(patterns);

    /// <summary>Makes headers of the requests to the resource attributes of their spans.</summary>
    /// <typeparam name="T">The resource's type.</typeparam>
    /// <param name="builder">The resource's builder.</param>
    /// <param name="names">Regular expressions that match the whole name, in whatever case, without commas.</param>
    /// <returns>The same builder.</returns>
    [AspireExport("withCapturedRequestHeaders")]
    internal static IResourceBuilder<T> WithCapturedRequestHeadersExport<T>(this IResourceBuilder<T> builder, string[] names)
        where T : IResourceWithEnvironment
        => builder.WithCapturedRequestHeaders(names);

    /// <summary>Makes headers of the responses of the resource attributes of their spans.</summary>
    /// <typeparam name="T">The resource's type.</typeparam>
    /// <param name="builder">The resource's builder.</param>
    /// <param name="names">Regular expressions that match the whole name, in whatever case, without commas.</param>
    /// <returns>The same builder.</returns>
    [AspireExport("withCapturedResponseHeaders")]
    internal static IResourceBuilder<T> WithCapturedResponseHeadersExport<T>(this IResourceBuilder<T> builder, string[] names)
        where T : IResourceWithEnvironment
        => builder.WithCapturedResponseHeaders(names);

    /// <summary>Keeps the values of headers out of the resource's traces.</summary>
    /// <typeparam name="T">The resource's type.</typeparam>
    /// <param name="builder">The resource's builder.</param>
    /// <param name="names">Regular expressions that are searched in the name, in whatever case, without commas.</param>
    /// <returns>The same builder.</returns>
    [AspireExport("withSanitizedHeaders")]
    internal static IResourceBuilder<T> WithSanitizedHeadersExport<T>(this IResourceBuilder<T> builder, string[] names)
        where T : IResourceWithEnvironment
        => builder.WithSanitizedHeaders(names);
}
