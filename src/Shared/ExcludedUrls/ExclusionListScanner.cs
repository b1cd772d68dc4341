namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Reads the text of a list just far enough into the grammar of .NET's regular expressions to tell the commas between items from the
/// commas inside one. Takes time in proportion to the text, whatever the text.
/// </summary>
/// <remarks>
/// A comma belongs to its item after a backslash, in a closed <c>[...]</c>, <c>(...)</c>, <c>(?#...)</c> or <c>(?x)</c> comment, and in a
/// quantifier. What is opened and never closed protects nothing, so that one bad item leaves the others as they are.
/// </remarks>
internal sealed class ExclusionListScanner(string text)
{
    private readonly int _lastClosingParenthesis = text.LastIndexOf(')');
    private readonly int _lastNewLine = text.LastIndexOf('\n');
    private HashSet<GroupOpening>? _unclosedGroups;
    private bool _foundUnclosedClass;
    private bool _ignoreWhitespace;
    private int _next;

    public enum Stop
    {
        /// <summary>A comma that belongs to no construct.</summary>
        Comma,

        /// <summary>The backslash before such a comma.</summary>
        EscapedComma,

        /// <summary>The end of the text.</summary>
        End,
    }

    /// <summary>Where the last stop is.</summary>
    public int Position { get; private set; }

    /// <summary>Where the last escape sequence ended. A blank before this position is part of it, not blank space after an item.</summary>
    public int LastEscapeEnd { get; private set; }

    /// <summary>Where the last <c>(?x)</c> comment ended; -1 where there was none.</summary>
    public int LastCommentEnd { get; private set; } = -1;

    /// <summary>Moves to the next stop.</summary>
    public Stop Read()
    {
        while (_next < text.Length)
        {
            Position = _next;
            switch (text[_next])
            {
                case ',':
                    _next++;
                    return Stop.Comma;

                case '\\' when Char(_next + 1) == ',':
                    _next = LastEscapeEnd = _next + 2;
                    return Stop.EscapedComma;

                case '{' when QuantifierEnd(_next) is { } end:
                    _next = end;
                    break;

                case '(' when TryReadOptions(_next, ref _ignoreWhitespace, out var contentStart):
                    _next = contentStart;
                    break;

                case '(' when !IsComment(_next):
                    _next = GroupEnd(_next) ?? _next + 1;
                    break;

                case '\\':
                    _next = LastEscapeEnd = EscapeEnd(_next);
                    break;

                case '#' when CommentEnd(_next, _ignoreWhitespace) is { } end:
                    _next = LastCommentEnd = end;
                    break;

                default:
                    _next = TokenEnd(_next, _ignoreWhitespace);
                    break;
            }
        }

        Position = text.Length;
        return Stop.End;
    }

    /// <summary>Tells that the item ends at the last stop, and with it what <c>(?x)</c> turned on.</summary>
    public void EndItem() => _ignoreWhitespace = false;

    /// <summary>Where what starts here ends: an escape sequence, a class, a comment, else one character.</summary>
    private int TokenEnd(int start, bool ignoreWhitespace) => text[start] switch
    {
        '\\' => EscapeEnd(start),
        '[' => ClassEnd(start) ?? start + 1,
        '(' or '#' => CommentEnd(start, ignoreWhitespace) ?? start + 1,
        _ => start + 1,
    };

    private int? CommentEnd(int start, bool ignoreWhitespace) => text[start] switch
    {
        '(' when start < _lastClosingParenthesis && IsComment(start) => text.IndexOf(')', start) + 1,
        '#' when start < _lastNewLine && ignoreWhitespace => text.IndexOf('\n', start) + 1,
        _ => null,
    };

    private int EscapeEnd(int start)
    {
        var letter = Char(start + 1);
        var i = Math.Min(start + 2, text.Length);
        return letter switch
        {
            // One character, which may be a bracket or a backslash: \c[ is the same as \e.
            'c' when char.ToUpperInvariant(Char(i)) is >= '@' and <= '_' => i + 1,
            'x' => SkipHexDigits(i, 2),
            'u' => SkipHexDigits(i, 4),
            >= '0' and <= '7' => SkipHexDigits(i, 2),
            'p' or 'P' when Char(i) == '{' => SkipCategory(i + 1),
            _ => i,
        };
    }

    private int SkipHexDigits(int start, int atMost)
    {
        var i = start;
        while (i < start + atMost && char.IsAsciiHexDigit(Char(i)))
        {
            i++;
        }

        return i;
    }

    private int SkipCategory(int i)
    {
        while (char.IsAsciiLetterOrDigit(Char(i)) || Char(i) is '-' or '_')
        {
            i++;
        }

        return Char(i) == '}' ? i + 1 : i;
    }

    /// <summary>The end of <c>{m,n}</c> or <c>{m,}</c>. In <c>{m\,n}</c> the backslash counts: without it, this were a quantifier.</summary>
    private int? QuantifierEnd(int start)
    {
        var i = SkipDigits(start + 1);
        if (i == start + 1)
        {
            return null;
        }

        if (Char(i) == '\\')
        {
            i++;
        }

        if (Char(i) != ',')
        {
            return null;
        }

        i = SkipDigits(i + 1);
        return Char(i) == '}' ? i + 1 : null;
    }

    private int SkipDigits(int i)
    {
        while (char.IsAsciiDigit(Char(i)))
        {
            i++;
        }

        return i;
    }

    /// <summary>
    /// The end of a character class as .NET reads it: a <c>]</c> in first place is literal, and <c>-[</c> opens a class to subtract, unless
    /// the hyphen is in first place or ends a range.
    /// </summary>
    private int? ClassEnd(int start)
    {
        // Whatever is opened after a bracket that nothing closes is, but for a class to subtract, not closed either.
        if (_foundUnclosedClass)
        {
            return null;
        }

        var depth = 1;
        var (i, first, inRange) = (ClassContent(start), true, false);
        while (i < text.Length)
        {
            var c = text[i];
            if (!first && (inRange ? c == '[' : c == '-' && Char(i + 1) == '['))
            {
                depth++;
                (i, first, inRange) = (ClassContent(inRange ? i : i + 1), true, false);
                continue;
            }

            if (!first && c == ']')
            {
                i++;
                if (--depth == 0)
                {
                    return i;
                }

                inRange = false;
                continue;
            }

            var canStartRange = !inRange;
            if (c == '\\')
            {
                canStartRange &= Char(i + 1) is not ('d' or 'D' or 's' or 'S' or 'w' or 'W' or 'p' or 'P' or '-');
                i = EscapeEnd(i);
            }
            else
            {
                i++;
            }

            first = false;
            inRange = canStartRange && Char(i) == '-' && i + 1 < text.Length && text[i + 1] != ']';
            if (inRange)
            {
                i++;
            }
        }

        _foundUnclosedClass = true;
        return null;
    }

    private int ClassContent(int bracket) => Char(bracket + 1) == '^' ? bracket + 2 : bracket + 1;

    /// <summary>The end of the group that opens here.</summary>
    private int? GroupEnd(int start)
    {
        var opened = new Stack<GroupOpening>();
        var ignoreWhitespace = _ignoreWhitespace;
        var i = start;
        while (i <= _lastClosingParenthesis)
        {
            if (text[i] == '(' && TryReadOptions(i, ref ignoreWhitespace, out var contentStart))
            {
                i = contentStart;
            }
            else if (text[i] == '(' && !IsComment(i))
            {
                var opening = new GroupOpening(i, ignoreWhitespace);
                opened.Push(opening);
                if (_unclosedGroups?.Contains(opening) is true)
                {
                    // Nor can those around it be closed, since it would have taken their closing parenthesis.
                    break;
                }

                i = GroupContent(i, ref ignoreWhitespace);
            }
            else if (text[i] == ')')
            {
                i++;
                ignoreWhitespace = opened.Pop().IgnoreWhitespace;
                if (opened.Count == 0)
                {
                    return i;
                }
            }
            else
            {
                i = TokenEnd(i, ignoreWhitespace);
            }
        }

        (_unclosedGroups ??= []).UnionWith(opened);
        return null;
    }

    private bool IsComment(int parenthesis) => Char(parenthesis + 1) == '?' && Char(parenthesis + 2) == '#';

    /// <summary>Reads <c>(?imnsx-imnsx)</c>, which is in force up to the end of the group it stands in.</summary>
    private bool TryReadOptions(int start, ref bool ignoreWhitespace, out int end)
    {
        var changed = ignoreWhitespace;
        end = OptionsEnd(start, ref changed) + 1;
        if (Char(end - 1) != ')')
        {
            return false;
        }

        ignoreWhitespace = changed;
        return true;
    }

    /// <summary>The start of what a group contains, behind its options if it has any, as in <c>(?x:</c>.</summary>
    private int GroupContent(int start, ref bool ignoreWhitespace)
    {
        var changed = ignoreWhitespace;
        var end = OptionsEnd(start, ref changed);
        if (Char(end) != ':')
        {
            return start + 1;
        }

        ignoreWhitespace = changed;
        return end + 1;
    }

    private int OptionsEnd(int start, ref bool ignoreWhitespace)
    {
        if (Char(start + 1) != '?')
        {
            return start;
        }

        var on = true;
        var i = start + 2;
        for (; Char(i) is var option && (char.ToLowerInvariant(option) is 'i' or 'm' or 'n' or 's' or 'x' || option is '+' or '-'); i++)
        {
            on = option is '+' || (option is not '-' && on);
            ignoreWhitespace = option is 'x' or 'X' ? on : ignoreWhitespace;
        }

        return i;
    }

    /// <summary>The character at this position; behind the end, one that means nothing.</summary>
    private char Char(int position) => position < text.Length ? text[position] : '\0';

    private readonly record struct GroupOpening(int Position, bool IgnoreWhitespace);
}
