namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>An item or alternative that matches exactly one URL, such as <c>^/health$</c>.</summary>
internal sealed class WholeUrlPattern(int index, string url) : ExclusionPattern(index, [])
{
    /// <summary>Gets the URL.</summary>
    public string Url => url;

    public override bool IsMatch(ReadOnlySpan<char> other) => other.SequenceEqual(url);
}
