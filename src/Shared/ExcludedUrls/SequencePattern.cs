namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// An item that is a sequence of texts, character classes and loops over one character such as <c>.*</c>, optionally between <c>^</c> and
/// <c>$</c>. It is searched without a regular expression, in time linear in the length of the URL.
/// </summary>
internal sealed class SequencePattern : ExclusionPattern
{
    private readonly SequenceStep[] _steps;
    private readonly bool _atEnd;

    /// <param name="index">The item's position in its list.</param>
    /// <param name="steps">The steps. An item that isn't anchored by <c>^</c> starts with a loop over any character.</param>
    /// <param name="atEnd">Whether the last step has to end at the end of the URL.</param>
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

    // Linear, because the steps after a loop are tried at most once at each position. A step is tried at increasing positions, and a loop
    // that starts within its previous run ends at the same position. So one number per loop, the end of its runs, tells what was tried.
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

/// <summary>A step of a sequence: a text, one character of a set, or a loop over a set.</summary>
internal readonly record struct SequenceStep(RequiredText? Text, CharacterSet? Set, bool IsLoop);
