namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// An item that is a sequence of texts, character classes and loops over one character such as <c>.*</c>, optionally between <c>^</c> and
/// <c>$</c>. It is searched without a regular expression, in time linear in the length of the URL.
/// </summary>
internal sealed class SequencePattern : ExclusionPattern
{
    private const int NotFound = int.MaxValue;

    private readonly Step[] _steps;
    private readonly bool _atEnd;
    private readonly int _lastLoop;
    private readonly int _lengthAfterLoops;

    // Whether the steps can start anywhere in a URL, and have a set other than that of any character.
    private readonly bool _searchesSet;

    /// <param name="index">The item's position in its list.</param>
    /// <param name="steps">The steps. An item that isn't anchored by <c>^</c> starts with a loop over any character.</param>
    /// <param name="atEnd">Whether the last step has to end at the end of the URL.</param>
    public SequencePattern(int index, Step[] steps, bool atEnd)
        : base(index, [.. steps.Select(step => step.Text).OfType<RequiredText>().Where(text => text.Text.Length >= RequiredText.MinLength)])
    {
        (_steps, _atEnd) = (steps, atEnd);
        _lastLoop = Array.FindLastIndex(steps, step => step.IsLoop);
        _lengthAfterLoops = steps.Skip(_lastLoop + 1).Sum(step => step.Length);
        _searchesSet = steps is [{ IsLoop: true }, ..]
            && Array.Exists(steps, step => step.Set is not null && step.Set != CharacterSet.Any);
    }

    /// <summary>Gets the only URL that matches, such as that of <c>^/health$</c>, if there is one without a line break.</summary>
    public string? WholeUrl => _steps switch
    {
        [] when _atEnd => "",
        [{ Text: { IgnoresCase: false, Text: var url } }] when _atEnd && !url.Contains('\n') => url,
        _ => null,
    };

    public override bool IsMatch(ReadOnlySpan<char> url)
    {
        if (_atEnd && _steps is [.., { Text: { } end }] && !end.IsAtEndOf(url))
        {
            return false;
        }

        // A URL without one of the texts can't match. Searching for the texts first is faster than testing sets.
        if (_searchesSet && !ContainsRequired(url))
        {
            return false;
        }

        Span<LoopProgress> progress = stackalloc LoopProgress[_steps.Length];
        return IsMatch(url, 0, 0, progress);
    }

    // Linear in the length of the URL times the length of the steps, because each loop tries each position once.
    private bool IsMatch(ReadOnlySpan<char> url, int position, int first, Span<LoopProgress> progress)
    {
        for (var i = first; i < _steps.Length; i++)
        {
            var step = _steps[i];
            if (step.IsLoop)
            {
                return position >= progress[i].Unexplored && IsMatchAfterLoop(url, position, i, progress);
            }

            if (!step.IsAtStartOf(url[position..]))
            {
                return false;
            }

            position += step.Length;
        }

        return !_atEnd || position == url.Length;
    }

    private bool IsMatchAfterLoop(ReadOnlySpan<char> url, int position, int loop, Span<LoopProgress> progress)
    {
        if (loop == _steps.Length - 1 && !_atEnd)
        {
            return true;
        }

        // The candidate is found first, because a text is searched faster than a set.
        var candidate = FindCandidate(url, position, loop, progress);
        if (candidate == NotFound)
        {
            progress[loop].Unexplored = NotFound;
            return false;
        }

        var end = position + _steps[loop].Set!.CountAtStart(url[position..]);
        progress[loop].Unexplored = end + 1;
        var nextLoop = Array.FindIndex(_steps, loop + 1, static step => step.IsLoop);
        for (; candidate <= end; candidate = FindCandidate(url, candidate + 1, loop, progress))
        {
            if (IsMatch(url, candidate, loop + 1, progress))
            {
                return true;
            }

            // The next loop has tried every position, so no other candidate can match.
            if (nextLoop > 0 && progress[nextLoop].Unexplored > url.Length)
            {
                progress[loop].Unexplored = NotFound;
                return false;
            }
        }

        return false;
    }

    // Returns the first position from which the steps behind a loop can match.
    private int FindCandidate(ReadOnlySpan<char> url, int from, int loop, Span<LoopProgress> progress)
    {
        // A result stays the first one until the search passes it. A 0 can also mean that nothing was searched yet.
        ref var candidate = ref progress[loop].Candidate;
        if (candidate < from || from == 0)
        {
            candidate = SearchCandidate(url, from, loop);
        }

        return candidate;
    }

    // Searches for the longest text in front of the next loop, because it is in fewer places than a short one. Without a text, searches for
    // the next set.
    private int SearchCandidate(ReadOnlySpan<char> url, int from, int loop)
    {
        if (_atEnd && loop == _lastLoop)
        {
            var rest = url.Length - _lengthAfterLoops;
            return rest >= from ? rest : NotFound;
        }

        var (text, distance, length) = (default(RequiredText), 0, 0);
        for (var i = loop + 1; i < _steps.Length && !_steps[i].IsLoop; i++)
        {
            if (_steps[i].Text is { } other && (text is null || other.Text.Length > text.Text.Length))
            {
                (text, distance) = (other, length);
            }

            length += _steps[i].Length;
        }

        if (from + distance > url.Length)
        {
            return NotFound;
        }

        var found = text?.IndexIn(url[(from + distance)..])
            ?? (_steps[loop + 1] is { IsLoop: false, Set: { } set } ? set.IndexIn(url[from..]) : 0);
        return found >= 0 ? from + found : NotFound;
    }

    // The progress of a loop in one search.
    private struct LoopProgress
    {
        // The first position that the loop has not tried yet. A run of the loop that starts before it can't match.
        public int Unexplored;

        // The result of the last search: the first position at which the next steps can match. 0 before the first search.
        public int Candidate;
    }

    /// <summary>A step of a sequence: a text, some characters of a set, or a loop over a set.</summary>
    public sealed record Step(RequiredText? Text, CharacterSet? Set, bool IsLoop)
    {
        /// <summary>The loop that an item starts with if it isn't anchored by <c>^</c>.</summary>
        public static readonly Step AnyLoop = new(null, CharacterSet.Any, IsLoop: true);

        /// <summary>Gets the number of characters of the set.</summary>
        public int Count { get; init; } = 1;

        /// <summary>Gets the number of characters of a step that isn't a loop.</summary>
        public int Length => Text?.Text.Length ?? Count;

        /// <summary>Returns whether a URL starts with a step that isn't a loop.</summary>
        public bool IsAtStartOf(ReadOnlySpan<char> url) =>
            Text?.IsAtStartOf(url) ?? (url.Length >= Count && Set!.CountAtStart(url[..Count]) == Count);
    }
}
