using System.Globalization;
using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Reads the syntax of .NET regular expressions, token by token. Reads any text, in time linear in its length: a bracket that is never
/// closed is a literal, and a parenthesis that is never closed leaves the text <see cref="IsBalanced">unbalanced</see>.
/// </summary>
/// <remarks>
/// Mirrors
/// <see href="https://github.com/dotnet/runtime/blob/v10.0.0/src/libraries/System.Text.RegularExpressions/src/System/Text/RegularExpressions/RegexParser.cs"/>.
/// </remarks>
internal sealed class RegexTokens(string text)
{
    private readonly Stack<RegexOptions> _outerOptions = new();
    private readonly int _lastParenthesis = text.LastIndexOf(')');
    private int _next;
    private bool _foundUnclosedClass;
    private bool _foundStrayParenthesis;

    /// <summary>Gets the inline options at the current position, such as those of <c>(?i)</c>.</summary>
    public RegexOptions Options { get; private set; }

    /// <summary>Gets the number of groups that are open at the current position.</summary>
    public int Depth => _outerOptions.Count;

    /// <summary>Gets whether the classes and groups read so far are closed, as they are in every valid expression.</summary>
    public bool IsBalanced => Depth == 0 && !_foundStrayParenthesis && !_foundUnclosedClass;

    /// <summary>Reads all tokens of an expression.</summary>
    /// <param name="expression">The expression.</param>
    /// <param name="isBalanced">Whether its classes and groups are closed.</param>
    /// <param name="buffer">A list to fill instead of a new one.</param>
    public static List<RegexToken> ReadAll(string expression, out bool isBalanced, List<RegexToken>? buffer = null)
    {
        var reader = new RegexTokens(expression);
        var tokens = buffer ?? [];
        tokens.Clear();
        while (reader.Read() is { Kind: not RegexTokenKind.End } token)
        {
            tokens.Add(token);
        }

        isBalanced = reader.IsBalanced;
        return tokens;
    }

    /// <summary>Reads the next token.</summary>
    public RegexToken Read()
    {
        var start = _next;
        if (start == text.Length)
        {
            return new RegexToken(RegexTokenKind.End, start, start, Options);
        }

        var token = Next(start);
        _next = token.End;
        return token;
    }

    /// <summary>Forgets the inline options outside of groups, which don't apply to the next expression of a list.</summary>
    public void StartExpression() => Options = Depth == 0 ? RegexOptions.None : Options;

    private RegexToken Next(int start)
    {
        var c = text[start];
        switch (c)
        {
            case '\\':
                return Escape(start);
            case '[' when ClassEnd(start) is { } end:
                return Token(RegexTokenKind.Class, start, end) with
                {
                    Character = end == start + 3 && text[start + 1] is not ('^' or '\\') ? text[start + 1] : null,
                };
            case '.':
                return Token(RegexTokenKind.AnyCharacter, start, start + 1);
            case '^' or '$':
                return Token(RegexTokenKind.Anchor, start, start + 1) with { Letter = c };
            case '|':
                return Token(RegexTokenKind.Alternation, start, start + 1);
            case '(':
                return Group(start);
            case ')':
                _foundStrayParenthesis |= Depth == 0;
                Options = _outerOptions.TryPop(out var outer) ? outer : Options;
                return Token(RegexTokenKind.GroupEnd, start, start + 1);
            case '*' or '+' or '?':
                return Quantifier(start, start + 1, c == '+' ? 1 : 0, c == '?' ? 1 : int.MaxValue);
            case '{' when TryReadCounts(start, out var end, out var min, out var max):
                return Quantifier(start, end, min, max);
            case '#' when IgnoresWhitespace:
                return Token(RegexTokenKind.Comment, start, text.IndexOf('\n', start) is >= 0 and var lineEnd ? lineEnd : text.Length);
            case '\t' or '\n' or '\f' or '\r' or ' ' when IgnoresWhitespace:
                return Token(RegexTokenKind.Comment, start, start + 1);
            default:
                return Token(RegexTokenKind.Literal, start, start + 1) with { Character = c };
        }
    }

    private bool IgnoresWhitespace => (Options & RegexOptions.IgnorePatternWhitespace) != 0;

    private RegexToken Token(RegexTokenKind kind, int start, int end) => new(kind, start, end, Options);

    private RegexToken Quantifier(int start, int end, int min, int max) =>
        Token(RegexTokenKind.Quantifier, start, Char(end) == '?' ? end + 1 : end) with { Min = min, Max = max };

    private RegexToken Group(int start)
    {
        if (Char(start + 1) != '?' || Char(start + 2) == ')')
        {
            return GroupStart(RegexGroupKind.Capture, start, start + 1, Options);
        }

        switch (Char(start + 2))
        {
            case '#' when start < _lastParenthesis:
                return Token(RegexTokenKind.Comment, start, text.IndexOf(')', start) + 1);
            case '=' or '!':
                return GroupStart(RegexGroupKind.Lookahead, start, start + 3, Options);
            case '<' when Char(start + 3) is '=' or '!':
                return GroupStart(RegexGroupKind.Lookbehind, start, start + 4, Options);
            case '>':
                return GroupStart(RegexGroupKind.Atomic, start, start + 3, Options);
            case '(':
                return GroupStart(RegexGroupKind.Conditional, start, start + 2, Options);
            case '<' or '\'' when NameEnd(start + 2, allowHyphen: true) is { } end:
                var kind = text.AsSpan(start, end - start).Contains('-') ? RegexGroupKind.Balancing : RegexGroupKind.Capture;
                return GroupStart(kind, start, end, Options);
        }

        var options = InlineOptions(start + 2, out var optionsEnd);
        switch (Char(optionsEnd))
        {
            case ':':
                return GroupStart(RegexGroupKind.NonCapturing, start, optionsEnd + 1, options);
            case ')':
                Options = options;
                return Token(RegexTokenKind.Options, start, optionsEnd + 1);
            default:
                return GroupStart(RegexGroupKind.Invalid, start, start + 1, Options);
        }
    }

    private RegexToken GroupStart(RegexGroupKind kind, int start, int end, RegexOptions options)
    {
        _outerOptions.Push(Options);
        Options = options;
        return Token(RegexTokenKind.GroupStart, start, end) with { Group = kind };
    }

    private RegexOptions InlineOptions(int start, out int end)
    {
        var (options, on) = (Options, true);
        for (end = start; end < text.Length; end++)
        {
            var option = char.ToLowerInvariant(text[end]) switch
            {
                'i' => RegexOptions.IgnoreCase,
                'm' => RegexOptions.Multiline,
                'n' => RegexOptions.ExplicitCapture,
                's' => RegexOptions.Singleline,
                'x' => RegexOptions.IgnorePatternWhitespace,
                _ => RegexOptions.None,
            };
            if (option is RegexOptions.None && text[end] is not ('+' or '-'))
            {
                break;
            }

            on = text[end] == '+' || (text[end] != '-' && on);
            options = on ? options | option : options & ~option;
        }

        return options;
    }

    private RegexToken Escape(int start)
    {
        var (kind, end, character) = (RegexTokenKind.Escape, Math.Min(start + 2, text.Length), (char?)null);
        var letter = Char(start + 1);
        switch (letter)
        {
            case 'A' or 'z' or 'Z' or 'G' or 'b' or 'B':
                kind = RegexTokenKind.Anchor;
                break;
            case 'd' or 'D' or 's' or 'S' or 'w' or 'W':
                kind = RegexTokenKind.Class;
                break;
            case 'p' or 'P':
                (kind, end) = (RegexTokenKind.Class, CategoryEnd(end));
                break;
            case 'k':
                (kind, end) = (RegexTokenKind.BackReference, NameEnd(end, allowHyphen: false) ?? end);
                break;
            case '<' or '\'' when NameEnd(start + 1, allowHyphen: false) is { } nameEnd:
                (kind, end) = (RegexTokenKind.BackReference, nameEnd);
                break;
            case >= '1' and <= '9':
                // If there is no such group, \12 is a character. Read as a back-reference, which excludes the item from automata.
                (kind, end) = (RegexTokenKind.BackReference, SkipDigits(end));
                break;
            case 'x' or 'u' or 'c' or '0':
                (end, character) = CharacterCode(letter, end);
                break;
            case >= 'a' and <= 'z':
                var index = "aefnrtv".IndexOf(letter, StringComparison.Ordinal);
                character = index < 0 ? null : "\a\u001B\f\n\r\t\v"[index];
                break;
            case <= '\x7f' and not '_' when !char.IsAsciiLetter(letter) && end == start + 2:
                character = letter;
                break;
        }

        return Token(kind, start, end) with { Letter = letter, Character = character };
    }

    private (int End, char? Character) CharacterCode(char letter, int start)
    {
        if (letter == 'c')
        {
            // One character, which may be a bracket or a backslash: \c[ is \e.
            var control = char.ToUpperInvariant(Char(start));
            return control is >= '@' and <= '_' ? (start + 1, (char)(control - '@')) : (start, null);
        }

        var (radix, length) = letter switch
        {
            'x' => (16, 2),
            'u' => (16, 4),
            _ => (8, 2),
        };
        var (end, code) = (start, 0);
        while (end < start + length && Digit(Char(end), radix) is >= 0 and var digit)
        {
            code = (code * radix) + digit;
            end++;
        }

        return (end, radix == 16 && end < start + length ? null : (char)code);
    }

    private static int Digit(char c, int radix) =>
        int.TryParse([c], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var digit) && digit < radix ? digit : -1;

    private int CategoryEnd(int start)
    {
        if (Char(start) != '{')
        {
            return start;
        }

        var end = start + 1;
        while (char.IsAsciiLetterOrDigit(Char(end)) || Char(end) is '-' or '_')
        {
            end++;
        }

        return Char(end) == '}' ? end + 1 : start;
    }

    // <name> or 'name', from the character that opens it.
    private int? NameEnd(int start, bool allowHyphen)
    {
        var close = Char(start) switch
        {
            '<' => '>',
            '\'' => '\'',
            _ => '\0',
        };
        var end = start + 1;
        while (char.IsLetterOrDigit(Char(end)) || IsMarkOrConnector(Char(end)) || (allowHyphen && Char(end) == '-'))
        {
            end++;
        }

        return close != '\0' && end > start + 1 && Char(end) == close ? end + 1 : null;
    }

    private static bool IsMarkOrConnector(char c) => char.GetUnicodeCategory(c) is
        UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.EnclosingMark
            or UnicodeCategory.ConnectorPunctuation
        || c is '\u200C' or '\u200D';

    private bool TryReadCounts(int start, out int end, out int min, out int max)
    {
        end = SkipDigits(start + 1);
        min = max = Count(start + 1, end);
        if (end == start + 1)
        {
            return false;
        }

        if (Char(end) == ',')
        {
            var atMost = end + 1;
            end = SkipDigits(atMost);
            max = end == atMost ? int.MaxValue : Count(atMost, end);
        }

        return Char(end++) == '}';
    }

    private int Count(int start, int end) =>
        int.TryParse(text.AsSpan(start, end - start), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : int.MaxValue - 1; // Rejected by .NET, and not the same as no limit.

    private int SkipDigits(int start)
    {
        while (char.IsAsciiDigit(Char(start)))
        {
            start++;
        }

        return start;
    }

    // A ] in first place is a literal, and -[ opens a class to subtract, unless the hyphen is in first place or ends a range.
    private int? ClassEnd(int start)
    {
        // After an unclosed bracket, only a bracket to subtract can be closed.
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
                i = EscapeInClassEnd(i);
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

    private int EscapeInClassEnd(int start)
    {
        var end = Math.Min(start + 2, text.Length);
        return Char(start + 1) switch
        {
            'p' or 'P' => CategoryEnd(end),
            'x' or 'u' or 'c' => CharacterCode(Char(start + 1), end).End,
            _ => end,
        };
    }

    // U+0000 after the end.
    private char Char(int position) => position < text.Length ? text[position] : '\0';
}

/// <summary>One token of a regular expression.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Start">The position of its first character.</param>
/// <param name="End">The position after its last character.</param>
/// <param name="Options">The inline options that apply to it.</param>
internal readonly record struct RegexToken(RegexTokenKind Kind, int Start, int End, RegexOptions Options)
{
    /// <summary>Gets the character that the token matches, if it matches exactly one and it is known.</summary>
    public char? Character { get; init; }

    /// <summary>Gets the letter after the backslash, or the sign of an <see cref="RegexTokenKind.Anchor"/>.</summary>
    public char Letter { get; init; }

    /// <summary>Gets the kind of a <see cref="RegexTokenKind.GroupStart"/>.</summary>
    public RegexGroupKind Group { get; init; }

    /// <summary>Gets how often a <see cref="RegexTokenKind.Quantifier"/> repeats at least.</summary>
    public int Min { get; init; }

    /// <summary>
    /// Gets how often a <see cref="RegexTokenKind.Quantifier"/> repeats at most; <see cref="int.MaxValue"/> is without limit.
    /// </summary>
    public int Max { get; init; }

    /// <summary>Gets whether case is ignored.</summary>
    public bool IgnoresCase => (Options & RegexOptions.IgnoreCase) != 0;
}

/// <summary>The kinds of <see cref="RegexToken"/>.</summary>
internal enum RegexTokenKind
{
    End,
    Literal,
    Escape, // of one character: \. or \x41
    Class, // [...], \d or \p{L}
    AnyCharacter,
    Anchor, // ^, $ or \b
    Quantifier, // *, +? or {1,3}
    Alternation,
    GroupStart, // up to the group's content
    GroupEnd,
    Options, // (?i), which applies up to the end of the group that it is in
    BackReference, // \1 or \k<name>
    Comment, // (?#...), and white space and # comments under (?x)
}

/// <summary>The kinds of group.</summary>
internal enum RegexGroupKind
{
    Capture, // (...) or (?<name>...)
    NonCapturing, // (?:...) or (?i:...)
    Lookahead, // (?=...) or (?!...)
    Lookbehind, // (?<=...) or (?<!...)
    Atomic, // (?>...)
    Conditional, // (? before the parenthesis of a condition
    Balancing, // (?<name-name>...)
    Invalid, // rejected by .NET
}
