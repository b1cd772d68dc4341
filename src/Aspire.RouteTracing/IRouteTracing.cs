using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing;

/// <summary>The current state of route tracing in this application. A singleton in the service container.</summary>
public interface IRouteTracing
{
    /// <summary>
    /// Gets the current URL exclusions of every source, without those that aren't valid expressions and those that are disabled because
    /// they timed out. Empty while route tracing is disabled or suspended.
    /// </summary>
    IReadOnlyList<UrlExclusion> ExcludedUrls { get; }

    /// <summary>Returns the exclusion that applies to a URL.</summary>
    /// <param name="url">An absolute HTTP URL, or a path that starts with <c>/</c>.</param>
    /// <returns>The first exclusion that matches, or <see langword="null"/> when the URL is traced.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="url"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="url"/> is neither an absolute HTTP URL nor a path.</exception>
    UrlExclusion? FindExclusion([StringSyntax(StringSyntaxAttribute.Uri)] string url);

    /// <summary>Returns the URL exclusion that applies to a request.</summary>
    /// <param name="request">The request.</param>
    /// <returns>The first exclusion that matches, or <see langword="null"/> when no URL exclusion does.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> is <see langword="null"/>.</exception>
    UrlExclusion? FindExclusion(HttpRequest request);

    /// <summary>
    /// Suspends route tracing until the returned object is disposed. Requests that start in the meantime are traced as they would be
    /// without this library. Can be called more than once; route tracing resumes when every returned object is disposed.
    /// </summary>
    /// <returns>An object whose disposal ends the suspension.</returns>
    IDisposable Suspend();
}
