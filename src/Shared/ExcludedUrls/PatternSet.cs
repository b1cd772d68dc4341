using System.Buffers;
using System.Collections.Frozen;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The items of a list that are searched in the same text.</summary>
/// <remarks>
/// Most URLs match none of them. So the first question is whether a URL contains any of the texts without one of which few items can match, and an
/// automaton reads it only if it does.
/// </remarks>
internal sealed class PatternSet
{
    private const int NotFound = int.MaxValue;

    // Shorter ones are in most URLs.
    private const int MinRequiredTextLength = 3;
    private const int MinSharing = 3;

    private readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _wholeUrls;
    private readonly SearchValues<string>? _requiredTexts;
    private readonly LiteralPattern[] _literals;
    private readonly JoinedPatterns[] _joinedWithRequiredText;
    private readonly JoinedPatterns[] _joined;
    private readonly BacktrackingPattern[] _backtracking;

    /// <param name="literals">Items that are plain text, in the order of the list.</param>
    /// <param name="patterns">The other items, in the order of the list.</param>
    /// <param name="onOutOfForce">Called with the position of an item that takes too long.</param>
    /// <param name="refused">The items that can't be searched in linear time, each with .NET's reason.</param>
    public PatternSet(
        IReadOnlyList<LiteralPattern> literals,
        IReadOnlyList<ExclusionPattern> patterns,
        Action<int> onOutOfForce,
        out List<(ExclusionPattern Pattern, string Reason)> refused)
    {
        var wholeUrls = literals.Where(literal => literal.IsWholeUrl).DistinctBy(literal => literal.Text);
        _wholeUrls = wholeUrls.ToFrozenDictionary(literal => literal.Text, literal => literal.Index).GetAlternateLookup<ReadOnlySpan<char>>();
        _literals = [.. literals.Where(literal => !literal.IsWholeUrl)];

        var hasRequiredText = patterns.ToLookup(pattern => pattern.RequiredText.Length >= MinRequiredTextLength);
        _joinedWithRequiredText = JoinedPatterns.Join([.. hasRequiredText[true]], out refused);
        _joined = JoinedPatterns.Join([.. hasRequiredText[false]], out var alsoRefused);
        refused.AddRange(alsoRefused);
        _backtracking = [.. refused.OrderBy(item => item.Pattern.Index).Select(item => new BacktrackingPattern(item.Pattern, onOutOfForce))];

        // One item alone is searched as fast as its text.
        string[] requiredTexts = [.. _literals.Select(literal => literal.Text), .. hasRequiredText[true].Select(pattern => pattern.RequiredText)];
        _requiredTexts = requiredTexts.Length > 1 ? SearchValues.Create([.. Share(requiredTexts)], StringComparison.Ordinal) : null;

        FirstIndex = literals.Select(literal => literal.Index).Concat(patterns.Select(pattern => pattern.Index)).DefaultIfEmpty(-1).Min();
    }

    public bool IsEmpty => FirstIndex < 0;

    /// <summary>The lowest position in the list.</summary>
    public int FirstIndex { get; }

    /// <summary>Whether no item backtracks, which can take more time than all else.</summary>
    public bool IsLinear => _backtracking.Length == 0;

    /// <summary>The position in the list of the first item that matches, or -1.</summary>
    /// <param name="text">What to search.</param>
    /// <param name="timedOut">Whether a search was given up, so that the result may be another one next time.</param>
    public int Find(ReadOnlySpan<char> text, out bool timedOut)
    {
        timedOut = false;
        var first = FindWholeUrl(text);
        if (_requiredTexts is null || text.ContainsAny(_requiredTexts))
        {
            first = FindLiteral(text, first);
            first = FindJoined(_joinedWithRequiredText, text, first);
        }

        first = FindJoined(_joined, text, first);
        foreach (var pattern in _backtracking)
        {
            if (pattern.Index >= first)
            {
                break;
            }

            if (pattern.IsMatch(text, ref timedOut))
            {
                first = pattern.Index;
            }
        }

        return first == NotFound ? -1 : first;
    }

    // The fewer texts there are, the faster a URL is searched for all of them. Where many services have their /metrics, that stands for all of these.
    private static IEnumerable<string> Share(IEnumerable<string> texts)
        => texts.GroupBy(LastSegment, StringComparer.Ordinal).SelectMany(IEnumerable<string> (sharing) => sharing.Count() < MinSharing ? sharing : [sharing.Key]);

    private static string LastSegment(string text)
        => text.LastIndexOf('/') is >= 0 and var start && text.Length - start > MinRequiredTextLength ? text[start..] : text;

    private static int FindJoined(JoinedPatterns[] joined, ReadOnlySpan<char> text, int first)
    {
        foreach (var patterns in joined)
        {
            if (patterns.FirstIndex >= first)
            {
                break;
            }

            if (patterns.Find(text) is >= 0 and var index)
            {
                return Math.Min(first, index);
            }
        }

        return first;
    }

    private int FindWholeUrl(ReadOnlySpan<char> text)
    {
        var first = _wholeUrls.TryGetValue(text, out var index) ? index : NotFound;

        // As in any .NET regular expression, $ is also in front of a line break that ends the text.
        return text is [.. var line, '\n'] && _wholeUrls.TryGetValue(line, out index) ? Math.Min(first, index) : first;
    }

    private int FindLiteral(ReadOnlySpan<char> text, int first)
    {
        foreach (var literal in _literals)
        {
            if (literal.Index >= first)
            {
                break;
            }

            if (literal.IsMatch(text))
            {
                return literal.Index;
            }
        }

        return first;
    }
}
