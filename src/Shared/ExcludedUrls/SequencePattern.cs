namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// An item that is a sequence of texts, characters and loops over characters such as <c>.*</c>, perhaps between <c>^</c> and <c>$</c>. It
/// needs no regular expression: a URL is searched from left to right, in time linear in its length.
/// </summary>
internal sealed class SequencePattern : ExclusionPattern
{
    private readonly SequenceStep[] _steps;
    private readonly bool _atEnd;

    /// <param name="index">The item's position in its list.</param>
    /// <param name="steps">The steps. An item that isn't anchored by <c>^</c> starts with a loop over any character.</param>
    /// <param name="atEnd">Whether they end at the end of the URL.</param>
    public SequencePattern(int index, SequenceStep[] steps, bool atEnd)
        : base(index, [.. steps.Select(step => step.Text!).Where(text => text?.Text.Length >= RequiredText.MinLength)]) =>
        (_steps, _atEnd) = (steps, atEnd);

    public override bool IsMatch(ReadOnlySpan<char> url)
    {
        if (_atEnd && _steps is [.., { Text: { } end }] && !end.IsAtEndOf(url))
        {
            return false;
        }

        Span<int> explored = stackalloc int[_steps.Length];
        return IsMatch(url, 0, 0, explored);
    }

    // What follows a loop is tried at most once at each position, which takes linear time. One number for each loop tells where it was
    // tried, because the positions at which a step is tried only grow: a loop that starts within its last run ends where it ended then.
    private bool IsMatch(ReadOnlySpan<char> url, int position, int first, Span<int> explored)
    {
        for (var i = first; i < _steps.Length; i++)
        {
            var (text, set, isLoop) = _steps[i];
            if (text is not null)
            {
                if (!text.IsAtStartOf(url[position..]))
                {
                    return false;
                }

                position += text.Text.Length;
            }
            else if (!isLoop)
            {
                if (position == url.Length || set!.CountAtStart(url.Slice(position, 1)) == 0)
                {
                    return false;
                }

                position++;
            }
            else
            {
                return position >= explored[i] && IsMatchAfterLoop(url, position, i, explored);
            }
        }

        return !_atEnd || position == url.Length;
    }

    private bool IsMatchAfterLoop(ReadOnlySpan<char> url, int position, int loop, Span<int> explored)
    {
        var end = position + _steps[loop].Set!.CountAtStart(url[position..]);
        explored[loop] = end + 1;
        if (loop == _steps.Length - 1)
        {
            return !_atEnd || end == url.Length;
        }

        var next = _steps[loop + 1].Text;
        for (; position <= end; position++)
        {
            if (next is not null)
            {
                var found = next.IndexIn(url[position..Math.Min(url.Length, end + next.Text.Length)]);
                if (found < 0)
                {
                    return false;
                }

                position += found;
            }

            if (IsMatch(url, position, loop + 1, explored))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>One step of a sequence: a text, a character of a set, or any number of them.</summary>
internal readonly record struct SequenceStep(RequiredText? Text, CharacterSet? Set, bool IsLoop);
