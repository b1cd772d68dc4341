using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The items of a list that are searched in the same text.</summary>
/// <remarks>
/// Most URLs match none of them, and one look for the texts that the items require is enough to know. Which items match is only asked for the URLs that
/// contain such a text, and once for each of the URLs that are excluded.
/// </remarks>
internal sealed class PatternSet
{
    private const int NotFound = int.MaxValue;
    private const int MaxRemembered = 1_024;
    private const int MaxRememberedLength = 256;

    private readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _wholeUrls;
    private readonly SearchValues<string>? _requiredTexts;
    private readonly PatternGroup[] _groups;
    private readonly int _firstInGroups;
    private Remembered _excluded = new();

    /// <param name="patterns">The items, in the order of the list.</param>
    public PatternSet(IReadOnlyCollection<ExclusionPattern> patterns)
    {
        var wholeUrls = patterns.OfType<TextPattern>().Where(pattern => pattern.WholeUrl is not null).DistinctBy(pattern => pattern.WholeUrl);
        _wholeUrls = wholeUrls.ToFrozenDictionary(pattern => pattern.WholeUrl!, pattern => pattern.Index).GetAlternateLookup<ReadOnlySpan<char>>();

        // Those that backtrack are searched last, as they can take more time than all others.
        ExclusionPattern[] others = [.. patterns.Where(pattern => pattern is not TextPattern { WholeUrl: not null })];
        _groups =
        [
            .. PatternGroup.Divide(others.Where(pattern => pattern is not BacktrackingPattern)),
            .. PatternGroup.Divide(others.Where(pattern => pattern is BacktrackingPattern)),
        ];
        _firstInGroups = others.Select(pattern => pattern.Index).DefaultIfEmpty(NotFound).First();
        _requiredTexts = PatternGroup.Search(others);
        FirstIndex = patterns.Select(pattern => pattern.Index).DefaultIfEmpty(-1).First();
    }

    /// <summary>Gets whether the set has no item.</summary>
    public bool IsEmpty => FirstIndex < 0;

    /// <summary>Gets the lowest position in the list.</summary>
    public int FirstIndex { get; }

    /// <summary>Returns the position in the list of the first item that matches, or -1.</summary>
    public int Find(ReadOnlySpan<char> url)
    {
        var found = _wholeUrls.TryGetValue(url, out var index) ? index : NotFound;
        if (_firstInGroups < found && (_requiredTexts is null || url.ContainsAny(_requiredTexts)))
        {
            found = FindInGroups(url, found);
        }

        return found == NotFound ? -1 : found;
    }

    /// <summary>Forgets which URLs are excluded.</summary>
    public void Forget() => _excluded = new Remembered();

    private int FindInGroups(ReadOnlySpan<char> url, int found)
    {
        var excluded = _excluded;
        if (excluded.TryGet(url, out var index))
        {
            return index;
        }

        // In a regular expression, $ is also before a final line break. A URL with a line break is never excluded.
        if (url.Contains('\n'))
        {
            return NotFound;
        }

        foreach (var group in _groups)
        {
            found = group.Find(url, found);
        }

        if (found != NotFound)
        {
            excluded.Add(url, found);
        }

        return found;
    }

    /// <summary>The URLs that are known to be excluded. When it is full, it stays as it is.</summary>
    private sealed class Remembered
    {
        private readonly ConcurrentDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _urls =
            new ConcurrentDictionary<string, int>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

        private int _count;

        public bool TryGet(ReadOnlySpan<char> url, out int index) => _urls.TryGetValue(url, out index);

        public void Add(ReadOnlySpan<char> url, int index)
        {
            if (url.Length <= MaxRememberedLength && _count < MaxRemembered && _urls.TryAdd(url, index))
            {
                Interlocked.Increment(ref _count);
            }
        }
    }
}

/// <summary>Items that are searched when a URL contains a text that one of them requires.</summary>
internal sealed class PatternGroup
{
    // .NET searches for so many texts at once with vector instructions.
    private const int MaxCount = 64;
    private const int MinSharing = 3;

    private readonly ExclusionPattern[] _patterns;
    private readonly SearchValues<string>? _requiredTexts;

    private PatternGroup(ExclusionPattern[] patterns)
    {
        _patterns = patterns;
        _requiredTexts = Search(patterns);
    }

    /// <summary>Divides items into groups, those that require a text first.</summary>
    public static IEnumerable<PatternGroup> Divide(IEnumerable<ExclusionPattern> patterns)
        => patterns.ToLookup(pattern => pattern.Required.IsEmpty).OrderBy(group => group.Key).SelectMany(group => group.Chunk(MaxCount)).Select(patterns => new PatternGroup(patterns));

    /// <summary>Returns the search for the texts that items require, or <see langword="null"/> if one of them requires none.</summary>
    public static SearchValues<string>? Search(IReadOnlyCollection<ExclusionPattern> patterns)
    {
        if (patterns.Any(pattern => pattern.Required.IsEmpty))
        {
            return null;
        }

        var comparison = patterns.Any(pattern => pattern.Required.IgnoresCase) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return SearchValues.Create([.. Share(patterns.Select(pattern => pattern.Required.Text)).Distinct()], comparison);
    }

    /// <summary>Returns the lower of an index and the index of the first item that matches.</summary>
    public int Find(ReadOnlySpan<char> url, int found)
    {
        if (_patterns[0].Index >= found || (_requiredTexts is not null && !url.ContainsAny(_requiredTexts)))
        {
            return found;
        }

        foreach (var pattern in _patterns)
        {
            if (pattern.Index >= found)
            {
                break;
            }

            if (pattern.IsMatch(url))
            {
                return pattern.Index;
            }
        }

        return found;
    }

    // The fewer texts there are, the faster a URL is searched for all of them. Where many services have their /metrics, that stands for all of these.
    private static IEnumerable<string> Share(IEnumerable<string> texts)
        => texts.GroupBy(LastSegment, StringComparer.Ordinal)
            .SelectMany(IEnumerable<string> (sharing) => sharing.Count() < MinSharing ? sharing : [sharing.Key]);

    private static string LastSegment(string text) => text.LastIndexOf('/') is >= 0 and var start && text.Length - start > 3 ? text[start..] : text;
}
