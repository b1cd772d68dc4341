namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// An item that is a sequence of texts, character classes and loops over one character such as <c>.*</c>, optionally between <c>^</c> and
/// <c>$</c>. It is searched without a regular expression, in time linear in the length of the URL.
/// </summary>
internal sealed class SequencePattern : ExclusionPattern
{
    private readonly Step[] _steps;
    private readonly bool _atEnd;
    private readonly int _lastLoop;
    private readonly int _lengthAfterLoops;

    /// <param name="index">The item's position in its list.</param>
    /// <param name="steps">The steps. An item that isn't anchored by <c>^</c> starts with a loop over any character.</param>
    /// <param name="atEnd">Whether the last step has to end at the end of the URL.</param>
    public SequencePattern(int index, Step[] steps, bool atEnd)
        : base(index, [.. steps.Select(step => step.Text).OfType<RequiredText>().Where(text => text.Text.Length >= RequiredText.MinLength)])
    {
        (_steps, _atEnd) = (steps, atEnd);
        _lastLoop = Array.FindLastIndex(steps, step => step.IsLoop);
        _lengthAfterLoops = steps.Skip(_lastLoop + 1).Sum(step => step.Length);
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

        Span<int> explored = stackalloc int[_steps.Length];
        return IsMatch(url, 0, 0, explored);
    }

    // Linear in the length of the URL times the number of steps: explored[i] is the first position that loop i has not tried yet. A run of
    // the loop that starts before it can't match, so each loop tries each position once.
    private bool IsMatch(ReadOnlySpan<char> url, int position, int first, Span<int> explored)
    {
        for (var i = first; i < _steps.Length; i++)
        {
            var step = _steps[i];
            if (step.IsLoop)
            {
                return position >= explored[i] && IsMatchAfterLoop(url, position, i, explored);
            }

            if (!step.IsAtStartOf(url[position..]))
            {
                return false;
            }

            position += step.Length;
        }

        return !_atEnd || position == url.Length;
    }

    private bool IsMatchAfterLoop(ReadOnlySpan<char> url, int position, int loop, Span<int> explored)
    {
        var end = position + _steps[loop].Set!.CountAtStart(url[position..]);
        explored[loop] = end + 1;
        if (_atEnd && loop == _lastLoop)
        {
            var rest = url.Length - _lengthAfterLoops;
            return position <= rest && rest <= end && IsMatch(url, rest, loop + 1, explored);
        }

        if (loop == _steps.Length - 1)
        {
            return true;
        }

        var nextLoop = Array.FindIndex(_steps, loop + 1, static step => step.IsLoop);
        for (; position <= end; position++)
        {
            var found = FindCandidate(url, position, end, loop);
            if (found < 0)
            {
                return false;
            }

            position += found;
            if (IsMatch(url, position, loop + 1, explored))
            {
                return true;
            }

            // The next loop has tried every position, so no later candidate can match.
            if (nextLoop > 0 && explored[nextLoop] > url.Length)
            {
                return false;
            }
        }

        return false;
    }

    // Returns how far from the position the steps after a loop can match first, or -1. Searches for the next text, or else the next set.
    private int FindCandidate(ReadOnlySpan<char> url, int position, int end, int loop)
    {
        var start = position;
        for (var i = loop + 1; i < _steps.Length && !_steps[i].IsLoop; i++)
        {
            if (_steps[i].Text is { } text)
            {
                var length = Math.Min(url.Length, end - position + start + text.Text.Length) - start;
                return length < 0 ? -1 : text.IndexIn(url.Slice(start, length));
            }

            start += _steps[i].Length;
        }

        return _steps[loop + 1] is { IsLoop: false, Set: { } set } ? set.IndexIn(url[position..Math.Min(url.Length, end + 1)]) : 0;
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
