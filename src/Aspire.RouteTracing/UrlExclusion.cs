namespace Aspire.RouteTracing;

/// <summary>One item of the list of excluded URLs, and where it comes from.</summary>
/// <param name="Pattern">The regular expression, as it was written.</param>
/// <param name="Source">
/// The variable or configuration key that holds the item, such as <c>OTEL_DOTNET_EXCLUDED_URLS</c> or
/// <c>Aspire:RouteTracing:ExcludedUrls</c>, or that names its file, <c>Aspire:RouteTracing:ExclusionsFile</c>; <c>code</c> for an item that the delegate given
/// to <c>AddRouteTracing</c> added.
/// </param>
public sealed record UrlExclusion(string Pattern, string Source);
