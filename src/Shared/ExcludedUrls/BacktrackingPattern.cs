using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// An item that can't be searched in linear time. A client could find a URL that takes forever, so a search times out after 10 ms and is
/// repeated once. The item is disabled after three URLs for which both searches time out or throw another exception.
/// </summary>
internal sealed class BacktrackingPattern(int index, string item, IReadOnlyList<RequiredText> required, Action<int> onDisabled)
    : ExclusionPattern(index, required)
{
    private const int MaxFailures = 3;

    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(10);

    private readonly Regex _regex = new(item, RegexOptions.CultureInvariant, MatchTimeout);
    private int _failures;

    public override bool IsMatch(ReadOnlySpan<char> url)
    {
        if (_failures >= MaxFailures || url.Length > MaxUrlLength || !ContainsRequired(url))
        {
            return false;
        }

        if (TrySearch(url, out var isMatch) || TrySearch(url, out isMatch))
        {
            return isMatch;
        }

        if (Interlocked.Increment(ref _failures) == MaxFailures)
        {
            onDisabled(Index);
        }

        return false;
    }

    // The timeout is elapsed time. A search that waits for a processor can reach it, but hardly twice in a row. .NET's search throws other
    // exceptions for a few expressions with nested empty groups.
    private bool TrySearch(ReadOnlySpan<char> url, out bool isMatch)
    {
        try
        {
            isMatch = _regex.IsMatch(url);
            return true;
        }
        catch (Exception)
        {
            isMatch = false;
            return false;
        }
    }
}
