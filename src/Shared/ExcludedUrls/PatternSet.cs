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
    private readonly (ulong Pairs, ExclusionPattern Pattern)[] _others = [];
    private readonly int _firstOther;
    private readonly SearchValues<string>? _requiredTexts;
    private readonly bool _looksUpFirst;
    private readonly int _maxFilteredLength;
    private Remembered _excluded = new();

    /// <param name="patterns">The items, in the order of the list.</param>
    public PatternSet(IReadOnlyCollection<ExclusionPattern> patterns)
    {
        if (patterns.Count == 0)
        {
            return;
        }

        FirstIndex = patterns.First().Index;
        _wholeUrls = patterns.OfType<WholeUrlPattern>()
            .DistinctBy(pattern => pattern.Url)
            .ToFrozenDictionary(pattern => pattern.Url, pattern => pattern.Index)
            .GetAlternateLookup<ReadOnlySpan<char>>();

        // Items that backtrack can take the most time, so they are last.
        ExclusionPattern[] others =
        [
            .. patterns.Where(pattern => pattern is not (WholeUrlPattern or RegexPattern { NeedsBacktracking: true })),
            .. patterns.Where(pattern => pattern is RegexPattern { NeedsBacktracking: true }),
        ];
        _others = Array.ConvertAll(others, pattern => (pattern.Pairs, pattern));
        _firstOther = patterns.FirstOrDefault(pattern => pattern is not WholeUrlPattern)?.Index ?? NotFound;
        _requiredTexts = RequiredText.SearchAny(Array.ConvertAll(others, pattern => pattern.Required));
        _looksUpFirst = others.Length > LongList;

        // In a longer URL, a client can repeat the starts of the texts. One search for all of them is slow then, and slower than a search
        // for each item.
        _maxFilteredLength = _looksUpFirst ? 1_024 : 256;
    }

    /// <summary>Gets whether the set has no item.</summary>
    public bool IsEmpty => FirstIndex < 0;

    /// <summary>Gets the lowest position in the list.</summary>
    public int FirstIndex { get; } = -1;

    /// <summary>Returns the position in the list of the first item that matches, or -1.</summary>
    public int Find(ReadOnlySpan<char> url)
    {
        if (IsEmpty)
        {
            return -1;
        }

        var found = _wholeUrls.TryGetValue(url, out var index) ? index : NotFound;
        if (_firstOther < found)
        {
            found = url.Length <= _maxFilteredLength ? FilterAndSearch(url, found) : Search(url, found, AllPairs);
        }

        return found == NotFound ? -1 : found;
    }

    /// <summary>Forgets which URLs are excluded.</summary>
    public void Forget() => _excluded = new Remembered();

    private int FilterAndSearch(ReadOnlySpan<char> url, int found)
    {
        var excluded = _excluded;
        if (_looksUpFirst && excluded.TryGet(url, out var index))
        {
            return index;
        }

        if (_requiredTexts is not null && !url.ContainsAny(_requiredTexts))
        {
            return found;
        }

        if (!_looksUpFirst && excluded.TryGet(url, out index))
        {
            return index;
        }

        found = Search(url, found, RequiredText.PairsIn(url));
        if (found != NotFound)
        {
            excluded.Add(url, found);
        }

        return found;
    }

    private int Search(ReadOnlySpan<char> url, int found, ulong pairs)
    {
        // In .NET, $ also matches before a final line break. A URL with a line break is never excluded, so that $ is always the end.
        if (url.Contains('\n'))
        {
            return NotFound;
        }

        foreach (var (required, pattern) in _others)
        {
            if ((required & ~pairs) == 0 && pattern.Index < found && pattern.IsMatch(url))
            {
                found = pattern.Index;
            }
        }

        return found;
    }

    /// <summary>The URLs that were excluded before. Adds nothing once it is full.</summary>
    private sealed class Remembered
    {
        private readonly ConcurrentDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _urls =
            new ConcurrentDictionary<string, int>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

        private int _count;

        public bool TryGet(ReadOnlySpan<char> url, out int index) => _urls.TryGetValue(url, out index);

        public void Add(ReadOnlySpan<char> url, int index)
        {
            if (_count < MaxRemembered && _urls.TryAdd(url, index))
            {
                Interlocked.Increment(ref _count);
            }
        }
    }
}
