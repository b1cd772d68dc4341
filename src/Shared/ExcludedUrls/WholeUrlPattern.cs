namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>An item that only one URL matches, such as <c>^/health$</c>, or one URL of <c>^/(health|alive)$</c>.</summary>
internal sealed class WholeUrlPattern(int index, string url) : ExclusionPattern(index, [])
{
    /// <summary>Gets the URL.</summary>
    public string Url => url;

    public override bool IsMatch(ReadOnlySpan<char> other) => other.SequenceEqual(url);
}
