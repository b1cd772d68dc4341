using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// An item that .NET can't search in linear time: look-around, a back-reference, an atomic group, or a very large pattern. A client might
/// find a URL that takes it for ever, so a search is given up after 10 ms, a URL after two such searches, and the item after three such URLs.
/// </summary>
internal sealed class BacktrackingPattern(ExclusionPattern pattern, Action<int> onOutOfForce)
{
    private const int MaxTimeouts = 3;

    private int _timeouts;

    /// <summary>The item's position in its list.</summary>
    public int Index => pattern.Index;

    public bool IsMatch(ReadOnlySpan<char> url, ref bool timedOut)
    {
        if (_timeouts >= MaxTimeouts)
        {
            return false;
        }

        if (TrySearch(url, out var isMatch) || TrySearch(url, out isMatch))
        {
            return isMatch;
        }

        timedOut = true;
        if (Interlocked.Increment(ref _timeouts) == MaxTimeouts)
        {
            onOutOfForce(pattern.Index);
        }

        return false;
    }

    // The limit is one of the clock's. A search that has to wait for a processor reaches it, too, but not twice in a row.
    private bool TrySearch(ReadOnlySpan<char> url, out bool isMatch)
    {
        try
        {
            isMatch = pattern.Regex.IsMatch(url);
            return true;
        }
        catch (RegexMatchTimeoutException)
        {
            isMatch = false;
            return false;
        }
    }
}
