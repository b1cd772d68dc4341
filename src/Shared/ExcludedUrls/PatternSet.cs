using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The items of a list that are searched in the same text.</summary>
/// <remarks>
/// Most URLs have none of the texts that the items require, so one search for these texts is enough. The items are searched only in URLs
/// that have such a text. The first excluded URLs are remembered.
/// </remarks>
internal sealed class PatternSet
{
    private const int NotFound = int.MaxValue;
    private const int MaxRemembered = 1_024;

    // In longer lists, looking up a remembered URL is faster than searching it for the texts.
    private const int LongList = 64;

    // Has the pairs of every item, so that none is skipped.
    private const ulong AllPairs = ulong.MaxValue;

    private readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _wholeUrls;
    private readonly (ulong Pairs, ExclusionPattern Pattern)[] _others;
    private readonly SearchValues<string>? _requiredTexts;
    private readonly bool _looksUpFirst;
    private readonly int _maxFilteredLength;

    // The position in _others of the item that excludes a URL.
    private readonly ConcurrentDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _remembered =
        new ConcurrentDictionary<string, int>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private int _rememberedCount;

    /// <param name="patterns">The items, in the order of the list.</param>
    public PatternSet(IReadOnlyCollection<ExclusionPattern> patterns)
    {
        _wholeUrls = patterns.Where(pattern => WholeUrl(pattern) is not null)
            .DistinctBy(WholeUrl)
            .ToFrozenDictionary(pattern => WholeUrl(pattern)!, pattern => pattern.Index)
            .GetAlternateLookup<ReadOnlySpan<char>>();
        ExclusionPattern[] others = [.. patterns.Where(pattern => WholeUrl(pattern) is null)];
        _others = Array.ConvertAll(others, pattern => (pattern.Pairs, pattern));
        _requiredTexts = RequiredText.SearchAny(Array.ConvertAll(others, pattern => pattern.Required));
        _looksUpFirst = others.Length > LongList;

        // In a longer URL, a client can repeat the starts of the texts. One search for all of them is slow then, and slower than a search
        // for each item.
        _maxFilteredLength = _looksUpFirst ? 1_024 : 256;
    }

    /// <summary>Returns the position in the list of the first item that matches, or -1.</summary>
    public int Find(ReadOnlySpan<char> url)
    {
        var found = _wholeUrls.TryGetValue(url, out var index) ? index : NotFound;
        if (_others.Length > 0 && _others[0].Pattern.Index < found && FindOther(url, found) is >= 0 and var other)
        {
            found = _others[other].Pattern.Index;
        }

        return found == NotFound ? -1 : found;
    }

    private static string? WholeUrl(ExclusionPattern pattern) => (pattern as SequencePattern)?.WholeUrl;

    private int FindOther(ReadOnlySpan<char> url, int before)
    {
        if (url.Length > _maxFilteredLength)
        {
            return Search(url, before, AllPairs);
        }

        if (_looksUpFirst && TryRemember(url, out var found))
        {
            return found;
        }

        if (_requiredTexts is not null && !url.ContainsAny(_requiredTexts))
        {
            return -1;
        }

        if (!_looksUpFirst && TryRemember(url, out found))
        {
            return found;
        }

        found = Search(url, before, RequiredText.PairsIn(url));
        if (found >= 0 && _rememberedCount < MaxRemembered && _remembered.TryAdd(url, found))
        {
            Interlocked.Increment(ref _rememberedCount);
        }

        return found;
    }

    private bool TryRemember(ReadOnlySpan<char> url, out int found)
    {
        if (!_remembered.TryGetValue(url, out found))
        {
            return false;
        }

        if (!_others[found].Pattern.IsDisabled)
        {
            return true;
        }

        if (_remembered.TryRemove(url, out _))
        {
            Interlocked.Decrement(ref _rememberedCount);
        }

        return false;
    }

    // Searches only items in front of the one that is known to match.
    private int Search(ReadOnlySpan<char> url, int before, ulong pairs)
    {
        // In .NET, $ also matches before a final line break. A URL with a line break is never excluded, so that $ is always the end.
        if (url.Contains('\n'))
        {
            return -1;
        }

        for (var i = 0; i < _others.Length && _others[i].Pattern.Index < before; i++)
        {
            if ((_others[i].Pairs & ~pairs) == 0 && _others[i].Pattern.IsMatch(url))
            {
                return i;
            }
        }

        return -1;
    }
}
