using System.Buffers;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The items of a list that are searched in the same text.</summary>
internal sealed class PatternSet
{
    private readonly LiteralPattern[] _literals;
    private readonly SearchValues<string>? _anyLiteral;
    private readonly JoinedPatterns[] _joined;
    private readonly BacktrackingPattern[] _backtracking;

    public PatternSet(LiteralPattern[] literals, JoinedPatterns[] joined, BacktrackingPattern[] backtracking)
    {
        _literals = literals;
        _joined = joined;
        _backtracking = backtracking;
        FirstIndex = new[]
        {
            literals.FirstOrDefault()?.Index,
            joined.FirstOrDefault()?.FirstIndex,
            backtracking.FirstOrDefault()?.Index,
        }.Min() ?? -1;
        if (literals.Length > 1)
        {
            _anyLiteral = SearchValues.Create([.. literals.Select(literal => literal.Text)], StringComparison.Ordinal);
        }
    }

    public bool IsEmpty => _literals.Length + _joined.Length + _backtracking.Length == 0;

    /// <summary>The lowest position in the list.</summary>
    public int FirstIndex { get; }

    /// <summary>The position in the list of the first item that matches, or -1.</summary>
    /// <param name="text">What to search.</param>
    /// <param name="timedOut">Whether a search was given up, so that the result may be another one next time.</param>
    public int Find(ReadOnlySpan<char> text, out bool timedOut)
    {
        timedOut = false;
        var first = FindLiteral(text);
        foreach (var patterns in _joined)
        {
            if (patterns.FirstIndex >= first)
            {
                break;
            }

            if (patterns.Find(text) is >= 0 and var index)
            {
                first = Math.Min(first, index);
                break;
            }
        }

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

        return first == int.MaxValue ? -1 : first;
    }

    private int FindLiteral(ReadOnlySpan<char> text)
    {
        if (_anyLiteral is null || text.ContainsAny(_anyLiteral))
        {
            foreach (var literal in _literals)
            {
                if (literal.IsMatch(text))
                {
                    return literal.Index;
                }
            }
        }

        return int.MaxValue;
    }
}
