using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// An item that .NET searches as a regular expression, such as <c>(/[a-z]+)+$</c>: with an automaton in linear time, or else with
/// backtracking, because the item needs it or the automata of the list have become too large.
/// </summary>
/// <remarks>
/// A client could find a URL that takes backtracking forever, so a search times out after 10 ms and is repeated once. The item is disabled
/// after three URLs for which both searches time out or throw another exception.
/// </remarks>
/// <param name="index">The item's position in its list.</param>
/// <param name="item">The item.</param>
/// <param name="required">The texts that a URL has to contain.</param>
/// <param name="automata">The automata of the list, or <see langword="null"/> if the item needs backtracking.</param>
/// <param name="onDisabled">Called with the item's position when it is disabled. Must not throw.</param>
internal sealed class RegexPattern(
    int index, string item, IReadOnlyList<RequiredText> required, Automata? automata, Action<int>? onDisabled)
    : ExclusionPattern(index, required)
{
    private const int MaxFailures = 3;

    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(10);

    private Regex? _backtracking;
    private int _failures;

    // A URL passes the list's filter if it has the text of any item. Checking this item's texts keeps a crafted URL from growing every
    // automaton.
    public override bool IsMatch(ReadOnlySpan<char> url)
    {
        if (IsDisabled || url.Length > MaxUrlLength || !ContainsRequired(url))
        {
            return false;
        }

        return automata?.IsMatch(Index, item, url) ?? Backtrack(url);
    }

    private bool Backtrack(ReadOnlySpan<char> url)
    {
        _backtracking ??= new Regex(item, RegexOptions.CultureInvariant, MatchTimeout);
        if (TrySearch(_backtracking, url, out var isMatch) || TrySearch(_backtracking, url, out isMatch))
        {
            return isMatch;
        }

        if (Interlocked.Increment(ref _failures) == MaxFailures)
        {
            IsDisabled = true;
            onDisabled?.Invoke(Index);
        }

        return false;
    }

    // The timeout is elapsed time. A search that waits for a processor can reach it, but hardly twice in a row. .NET's search throws other
    // exceptions for a few expressions with nested empty groups.
    private static bool TrySearch(Regex regex, ReadOnlySpan<char> url, out bool isMatch)
    {
        try
        {
            isMatch = regex.IsMatch(url);
            return true;
        }
        catch (Exception)
        {
            isMatch = false;
            return false;
        }
    }
}
