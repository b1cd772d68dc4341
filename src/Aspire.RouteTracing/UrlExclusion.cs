using System.Diagnostics.CodeAnalysis;

namespace Aspire.RouteTracing;

/// <summary>Represents an item of the list of excluded URLs.</summary>
public sealed class UrlExclusion
{
    private bool _isUsed;

    internal UrlExclusion(string pattern, string source) => (Pattern, Source) = (pattern, source);

    /// <summary>Gets the regular expression, without the backslash that escapes a comma in a list.</summary>
    [StringSyntax(StringSyntaxAttribute.Regex)]
    public string Pattern { get; }

    /// <summary>
    /// Gets the source of the item: the variable or configuration key that contains it, such as <c>OTEL_DOTNET_EXCLUDED_URLS</c> or
    /// <c>Aspire:RouteTracing:ExcludedUrls</c>.
    /// </summary>
    /// <remarks>
    /// The source is <c>Aspire:RouteTracing:ExclusionsFile</c> for an item of the file that this key names, and <c>code</c> for an item
    /// that the delegate given to <c>AddRouteTracing</c> added.
    /// </remarks>
    public string Source { get; }

    /// <summary>Returns <see langword="true"/> for the first request that the item excludes.</summary>
    internal bool MarkUsed() => !_isUsed && !Interlocked.Exchange(ref _isUsed, true);
}
