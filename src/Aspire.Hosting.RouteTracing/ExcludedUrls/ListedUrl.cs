namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>A pattern in a resource's list.</summary>
/// <param name="Pattern">The regular expression.</param>
/// <param name="Source">Who says so, as the end of a sentence: <c>the app-wide list</c>.</param>
internal sealed record ListedUrl(string Pattern, string Source);
