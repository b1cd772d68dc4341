using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing;

/// <summary>Route tracing as it is in force in this application. A singleton in the service container.</summary>
public interface IRouteTracing
{
    /// <summary>
    /// Gets the URL exclusions that are in force now: those of every source, without the ones that are no valid expression and the ones
    /// that were put out of force because they timed out. Empty while route tracing is disabled or suspended.
    /// </summary>
    IReadOnlyList<UrlExclusion> ExcludedUrls { get; }

    /// <summary>Says which exclusion a URL meets.</summary>
    /// <param name="url">An absolute HTTP URL, or a path that starts with <c>/</c>.</param>
    /// <returns>The first exclusion that matches, or <see langword="null"/> when the URL is traced.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="url"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="url"/> is neither.</exception>
    UrlExclusion? FindExclusion(string url);

    /// <summary>Says which exclusion a request meets.</summary>
    /// <param name="request">The request.</param>
    /// <returns>The first exclusion that matches, or <see langword="null"/> when no URL exclusion does.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> is <see langword="null"/>.</exception>
    UrlExclusion? FindExclusion(HttpRequest request);

    /// <summary>
    /// Takes route tracing out of force until the returned object is disposed; requests that start meanwhile are traced as they would be
    /// without this library. May be called more than once; tracing resumes when every returned object is disposed.
    /// </summary>
    /// <returns>An object whose disposal ends the suspension.</returns>
    IDisposable Suspend();
}
