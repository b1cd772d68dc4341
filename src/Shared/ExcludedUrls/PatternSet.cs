using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The items of a list that are searched in the same text.</summary>
/// <remarks>
/// Most URLs match none of them, and one look for the texts that the items require is enough to know. Which items match is only asked for
/// the URLs that contain such a text, and once for each of the URLs that are excluded.
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
    private readonly bool _isLong;
    private Remembered _excluded = new();

    /// <param name="patterns">The items, in the order of the list.</param>
    public PatternSet(IReadOnlyCollection<ExclusionPattern> patterns)
    {
        var wholeUrls = patterns.OfType<TextPattern>()
            .Where(pattern => pattern.WholeUrl is not null)
            .DistinctBy(pattern => pattern.WholeUrl);
        _wholeUrls = wholeUrls
            .ToFrozenDictionary(pattern => pattern.WholeUrl!, pattern => pattern.Index)
            .GetAlternateLookup<ReadOnlySpan<char>>();

        // Those that backtrack are searched last, as they can take more time than all others.
        ExclusionPattern[] others = [.. patterns.Where(pattern => pattern is not TextPattern { WholeUrl: not null })];
        _groups =
        [
            .. PatternGroup.Divide(others.Where(pattern => pattern is not BacktrackingPattern)),
            .. PatternGroup.Divide(others.Where(pattern => pattern is BacktrackingPattern)),
        ];
        _isLong = _groups.Length > 1;
        _firstInGroups = others.Select(pattern => pattern.Index).DefaultIfEmpty(NotFound).First();
        _requiredTexts = PatternGroup.Search([.. PatternGroup.Share(others.Select(pattern => pattern.CommonlyRequired))]);
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
        if (_firstInGroups < found)
        {
            // To search for many texts takes longer than to look up the URL.
            var excluded = _excluded;
            if (_isLong && excluded.TryGet(url, out index))
            {
                return index;
            }

            if (_requiredTexts is null || url.ContainsAny(_requiredTexts))
            {
                if (!_isLong && excluded.TryGet(url, out index))
                {
                    return index;
                }

                found = FindInGroups(url, found);
                if (found != NotFound)
                {
                    excluded.Add(url, found);
                }
            }
        }

        return found == NotFound ? -1 : found;
    }

    /// <summary>Forgets which URLs are excluded.</summary>
    public void Forget() => _excluded = new Remembered();

    private int FindInGroups(ReadOnlySpan<char> url, int found)
    {
        // In a regular expression, $ is also before a final line break. A URL with a line break is never excluded.
        if (url.Contains('\n'))
        {
            return NotFound;
        }

        foreach (var group in _groups)
        {
            found = group.Find(url, found);
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
    private const int MaxFilteredLength = 256;
    private const int MinSharing = 3;

    private readonly ExclusionPattern[] _patterns;
    private SearchValues<string>? _requiredTexts;

    private PatternGroup(ExclusionPattern[] patterns) => _patterns = patterns;

    /// <summary>Divides items into groups, those that require a text first.</summary>
    public static IEnumerable<PatternGroup> Divide(IEnumerable<ExclusionPattern> patterns) =>
        patterns.ToLookup(pattern => pattern.Required.IsEmpty)
            .OrderBy(group => group.Key)
            .SelectMany(group => group.Chunk(MaxCount))
            .Select(group => new PatternGroup(group));

    /// <summary>Returns the search for any of several texts, or <see langword="null"/> if one of them is empty.</summary>
    public static SearchValues<string>? Search(IReadOnlyCollection<RequiredText> texts)
    {
        if (texts.Any(text => text.IsEmpty))
        {
            return null;
        }

        var comparison = texts.Any(text => text.IgnoresCase) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return SearchValues.Create([.. texts.Select(text => text.Text)], comparison);
    }

    /// <summary>Returns fewer texts, one of which is in every URL that contains one of these.</summary>
    /// <remarks>
    /// The fewer there are, the faster is the search. Where many services have their /metrics, that stands for all of these.
    /// </remarks>
    public static IEnumerable<RequiredText> Share(IEnumerable<RequiredText> texts) =>
        texts.GroupBy(text => (Text: LastSegment(text.Text), text.IgnoresCase))
            .SelectMany(
                IEnumerable<RequiredText> (texts) => texts.Count() < MinSharing
                    ? texts
                    : [new RequiredText(texts.Key.Text, texts.Key.IgnoresCase)]);

    /// <summary>Returns the lower of an index and the index of the first item that matches.</summary>
    public int Find(ReadOnlySpan<char> url, int found)
    {
        if (_patterns[0].Index >= found)
        {
            return found;
        }

        // A very long URL is likely to be crafted, and has the texts of all groups. Groups are many where a list is long, and hardly any is
        // searched.
        if (url.Length <= MaxFilteredLength && !_patterns[0].Required.IsEmpty)
        {
            _requiredTexts ??= Search([.. _patterns.Select(pattern => pattern.Required)]);
            if (!url.ContainsAny(_requiredTexts!))
            {
                return found;
            }
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

    private static string LastSegment(string text) =>
        text.LastIndexOf('/') is >= 0 and var start && text.Length - start > RequiredText.MinLength ? text[start..] : text;
}
