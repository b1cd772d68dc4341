using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The characters that one token of a regular expression matches.</summary>
/// <remarks>
/// Each character is tested with a regular expression, because .NET knows the categories and which characters differ by case only: ASCII
/// when the list is compiled, others when a URL first has them.
/// </remarks>
internal sealed class CharacterSet
{
    /// <summary>Every character. <see cref="PatternSet"/> searches no URL with a line feed, which a dot doesn't match.</summary>
    public static readonly CharacterSet Any = new(null);

    private readonly Regex? _expression;
    private readonly SearchValues<char>? _members;
    private readonly SearchValues<char>? _others;

    // The result for each character: 0 if it has not been tested yet.
    private byte[]? _answers;

    private CharacterSet(Regex? expression)
    {
        _expression = expression;
        if (expression is not null)
        {
            var (members, others) = (new StringBuilder(), new StringBuilder());
            for (var character = '\0'; char.IsAscii(character); character++)
            {
                (expression.IsMatch([character]) ? members : others).Append(character);
            }

            _members = SearchValues.Create(members.ToString());
            _others = SearchValues.Create(others.ToString());
        }
    }

    /// <summary>Reads a class such as <c>[a-z]</c> or <c>\d</c>, or one character, optionally with the option <c>(?i)</c>.</summary>
    /// <exception cref="ArgumentException">It is not a valid expression.</exception>
    public static CharacterSet Create(string expression) =>
        new(new Regex(expression, RegexOptions.CultureInvariant, Regex.InfiniteMatchTimeout));

    /// <summary>Returns how many characters of the set a text starts with.</summary>
    public int CountAtStart(ReadOnlySpan<char> text) => IndexOf(text, isMember: false) is >= 0 and var end ? end : text.Length;

    /// <summary>Returns the position of the first character of the set, or -1.</summary>
    public int IndexIn(ReadOnlySpan<char> text) => IndexOf(text, isMember: true);

    private int IndexOf(ReadOnlySpan<char> text, bool isMember)
    {
        if (_expression is null)
        {
            return isMember && !text.IsEmpty ? 0 : -1;
        }

        var position = 0;
        while (position < text.Length)
        {
            // Stops at characters beyond ASCII, too.
            var found = text[position..].IndexOfAnyExcept(isMember ? _others! : _members!);
            if (found < 0)
            {
                return -1;
            }

            position += found;
            if (char.IsAscii(text[position]))
            {
                return position;
            }

            // Tests a run of them one by one, because a search that stops at each of them is slower.
            for (; position < text.Length && !char.IsAscii(text[position]); position++)
            {
                if (Contains(text[position]) == isMember)
                {
                    return position;
                }
            }
        }

        return -1;
    }

    private bool Contains(char character)
    {
        const byte Member = 1, NoMember = 2;
        ref var answer = ref (_answers ??= new byte[char.MaxValue + 1])[character];
        if (answer == 0)
        {
            answer = _expression!.IsMatch([character]) ? Member : NoMember;
        }

        return answer == Member;
    }
}
