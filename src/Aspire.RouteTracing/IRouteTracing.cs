using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing;

/// <summary>Provides the current exclusions of this application, and suspends route tracing. Registered as a singleton.</summary>
public interface IRouteTracing
{
    /// <summary>
    /// Gets the current URL exclusions of all sources, in the order in which a match is reported. Items that aren't valid expressions, and
    /// items that were disabled because they timed out or failed, are omitted. The list is empty while route tracing is disabled or
    /// suspended.
    /// </summary>
    IReadOnlyList<UrlExclusion> ExcludedUrls { get; }

    /// <summary>Returns the first URL exclusion that matches a URL.</summary>
    /// <param name="url">
    /// An absolute HTTP URL, or a path that starts with <c>/</c>, which is read as a path of <c>http://localhost</c>. It is examined as
    /// <c>HttpClient</c> and browsers send it: with the host in lower case, and without the default port.
    /// </param>
    /// <returns>The first exclusion that matches, or <see langword="null"/> if none does.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="url"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="url"/> is neither an absolute HTTP URL nor a path that starts with <c>/</c>, or contains <c>%00</c>, which servers
    /// reject.
    /// </exception>
    UrlExclusion? FindExclusion([StringSyntax(StringSyntaxAttribute.Uri)] string url);

    /// <summary>Returns the first URL exclusion that matches a request.</summary>
    /// <param name="request">The request.</param>
    /// <returns>The first exclusion that matches, or <see langword="null"/> if none does.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> is <see langword="null"/>.</exception>
    UrlExclusion? FindExclusion(HttpRequest request);

    /// <summary>
    /// Suspends route tracing. Requests that start in the meantime are traced as without this library. Route tracing resumes when every
    /// returned object has been disposed.
    /// </summary>
    /// <remarks>
    /// Running requests keep their names and exclusions. During the suspension, an excluded endpoint doesn't exclude its request. A request
    /// that ends during the suspension has no captured response headers and no corrected error attributes.
    /// </remarks>
    /// <returns>An object that ends the suspension when it is disposed.</returns>
    IDisposable Suspend();
}
