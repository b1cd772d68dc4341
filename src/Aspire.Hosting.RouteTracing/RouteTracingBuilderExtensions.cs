using Aspire.Hosting.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting;

/// <summary>Tells every resource with telemetry which requests to leave out of its traces, and which headers to put in.</summary>
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
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="patterns"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">A pattern is empty or can't be read, or the list would have more than 32,000 bytes.</exception>
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
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    [AspireExport("withAppExcludedHealthChecks", MethodName = "withExcludedHealthChecks")]
    public static IDistributedApplicationBuilder WithExcludedHealthChecks(this IDistributedApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AppRouteTracing.Of(builder).ExcludeHealthChecks();
        return builder;
    }

    /// <summary>Makes headers of the requests to every resource with telemetry attributes of their spans.</summary>
    /// <remarks>Everything else is as for <see cref="RouteTracingResourceBuilderExtensions.WithCapturedRequestHeaders"/>.</remarks>
    /// <param name="builder">The application's builder.</param>
    /// <param name="names">Regular expressions without commas, one an argument.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="names"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">A name is empty, has a comma, can't be read or needs backtracking.</exception>
    [AspireExportIgnore(Reason = "An array instead of params in withCapturedRequestHeaders.")]
    public static IDistributedApplicationBuilder WithCapturedRequestHeaders(this IDistributedApplicationBuilder builder, params string[] names)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(names);
        AppRouteTracing.Of(builder).Headers.Request.Add(names);
        return builder;
    }

    /// <summary>Makes headers of the responses of every resource with telemetry attributes of their spans.</summary>
    /// <remarks>Everything else is as for <see cref="RouteTracingResourceBuilderExtensions.WithCapturedResponseHeaders"/>.</remarks>
    /// <param name="builder">The application's builder.</param>
    /// <param name="names">Regular expressions without commas, one an argument.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="names"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">A name is empty, has a comma, can't be read or needs backtracking.</exception>
    [AspireExportIgnore(Reason = "An array instead of params in withCapturedResponseHeaders.")]
    public static IDistributedApplicationBuilder WithCapturedResponseHeaders(this IDistributedApplicationBuilder builder, params string[] names)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(names);
        AppRouteTracing.Of(builder).Headers.Response.Add(names);
        return builder;
    }

    /// <summary>Keeps the values of headers out of the traces of every resource with telemetry: of a captured one the attribute is <c>[REDACTED]</c>.</summary>
    /// <remarks>Everything else is as for <see cref="RouteTracingResourceBuilderExtensions.WithSanitizedHeaders"/>.</remarks>
    /// <param name="builder">The application's builder.</param>
    /// <param name="names">Regular expressions without commas, one an argument.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="names"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">A name is empty, has a comma, can't be read or needs backtracking.</exception>
    [AspireExportIgnore(Reason = "An array instead of params in withSanitizedHeaders.")]
    public static IDistributedApplicationBuilder WithSanitizedHeaders(this IDistributedApplicationBuilder builder, params string[] names)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(names);
        AppRouteTracing.Of(builder).Headers.Sanitized.Add(names);
        return builder;
    }

    /// <summary>Leaves requests to some URLs out of the traces of every resource with telemetry.</summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="patterns">Regular expressions. One that contains <c>://</c> is searched in the whole URL, any other in the path.</param>
    /// <returns>The same builder.</returns>
    [AspireExport("withAppExcludedUrls", MethodName = "withExcludedUrls")]
    internal static IDistributedApplicationBuilder WithExcludedUrlsExport(this IDistributedApplicationBuilder builder, string[] patterns) =>
        builder.WithExcludedUrls(patterns);

    /// <summary>Makes headers of the requests to every resource with telemetry attributes of their spans.</summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="names">Regular expressions that match the whole name, in whatever case, without commas.</param>
    /// <returns>The same builder.</returns>
    [AspireExport("withAppCapturedRequestHeaders", MethodName = "withCapturedRequestHeaders")]
    internal static IDistributedApplicationBuilder WithCapturedRequestHeadersExport(this IDistributedApplicationBuilder builder, string[] names) =>
        builder.WithCapturedRequestHeaders(names);

    /// <summary>Makes headers of the responses of every resource with telemetry attributes of their spans.</summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="names">Regular expressions that match the whole name, in whatever case, without commas.</param>
    /// <returns>The same builder.</returns>
    [AspireExport("withAppCapturedResponseHeaders", MethodName = "withCapturedResponseHeaders")]
    internal static IDistributedApplicationBuilder WithCapturedResponseHeadersExport(this IDistributedApplicationBuilder builder, string[] names) =>
        builder.WithCapturedResponseHeaders(names);

    /// <summary>Keeps the values of headers out of the traces of every resource with telemetry.</summary>
    /// <param name="builder">The application's builder.</param>
    /// <param name="names">Regular expressions that are searched in the name, in whatever case, without commas.</param>
    /// <returns>The same builder.</returns>
    [AspireExport("withAppSanitizedHeaders", MethodName = "withSanitizedHeaders")]
    internal static IDistributedApplicationBuilder WithSanitizedHeadersExport(this IDistributedApplicationBuilder builder, string[] names) =>
        builder.WithSanitizedHeaders(names);
}
