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
    private const string NameCharacter = @"\w\u200C\u200D";

    private static readonly Regex EscapeSyntax = Syntax(
        $$"""
        \\(?:
            (?<anchor> [AbBGzZ] )
            | (?<class> [dDsSwW] | [pP] (?: \{ [A-Za-z0-9_-]+ \} )? )
            | (?<reference> k? (?: < [{{NameCharacter}}]+ > | ' [{{NameCharacter}}]+ ' ) | k | [1-9][0-9]* )
            | (?<character> [aefnrtv] | c[@-_a-z] | x[0-9A-Fa-f]{2} | u[0-9A-Fa-f]{4} | 0[0-7]{0,2} | [^{{NameCharacter}}] )
            | .?
        )
        """);

    private static readonly Regex GroupNameSyntax = Syntax($"< [{NameCharacter}-]+ > | ' [{NameCharacter}-]+ '");

    private static readonly Regex InlineOptionsSyntax = Syntax(@"[imnsxIMNSX+-]* [:)]");

    private static readonly Regex CountsSyntax = Syntax(@"\{ (?<min> [0-9]+ ) (?: , (?<max> [0-9]* ) )? \}");

    private readonly Stack<RegexOptions> _outerOptions = new();
    private readonly int _lastParenthesis = text.LastIndexOf(')');
    private RegexOptions _options;
    private int _next;
    private bool _foundUnclosedClass;
    private bool _foundStrayParenthesis;

    /// <summary>Gets whether the classes and groups read so far are closed, as they are in every valid expression.</summary>
    public bool IsBalanced => _outerOptions.Count == 0 && !_foundStrayParenthesis && !_foundUnclosedClass;

    /// <summary>Reads all tokens of an expression.</summary>
    /// <param name="expression">The expression.</param>
    /// <param name="isBalanced">Whether its classes and groups are closed.</param>
    public static List<RegexToken> ReadAll(string expression, out bool isBalanced)
    {
        var reader = new RegexTokens(expression);
        var tokens = new List<RegexToken>(expression.Length);
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
        var token = _next < text.Length ? Next(_next) : Token(RegexTokenKind.End, _next, _next);
        _next = token.End;
        return token;
    }

    /// <summary>Forgets the inline options outside of groups, which don't apply to the next expression of a list.</summary>
    public void StartExpression() => _options = _outerOptions.Count == 0 ? RegexOptions.None : _options;

    private static Regex Syntax(string expression) => new(
        $@"\G(?:{expression})", RegexOptions.IgnorePatternWhitespace | RegexOptions.Singleline, Regex.InfiniteMatchTimeout);

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
                _foundStrayParenthesis |= _outerOptions.Count == 0;
                _options = _outerOptions.TryPop(out var outer) ? outer : _options;
                return Token(RegexTokenKind.GroupEnd, start, start + 1);
            case '*' or '+' or '?':
                return Quantifier(start, start + 1, c == '+' ? 1 : 0, c == '?' ? 1 : int.MaxValue);
            case '{' when CountsSyntax.Match(text, start) is { Success: true } counts:
                return Quantifier(start, counts);
            case '#' when IgnoresWhitespace:
                return Token(RegexTokenKind.Comment, start, text.IndexOf('\n', start) is >= 0 and var lineEnd ? lineEnd : text.Length);
            case '\t' or '\n' or '\f' or '\r' or ' ' when IgnoresWhitespace:
                return Token(RegexTokenKind.Comment, start, start + 1);
            default:
                return Token(RegexTokenKind.Literal, start, start + 1) with { Character = c };
        }
    }

    private bool IgnoresWhitespace => (_options & RegexOptions.IgnorePatternWhitespace) != 0;

    private RegexToken Token(RegexTokenKind kind, int start, int end) =>
        new(kind, start, end, IgnoresCase: (_options & RegexOptions.IgnoreCase) != 0);

    private RegexToken Quantifier(int start, int end, int min, int max) =>
        Token(RegexTokenKind.Quantifier, start, Char(end) == '?' ? end + 1 : end) with { Min = min, Max = max };

    private RegexToken Quantifier(int start, Match counts)
    {
        var (min, max) = (Count(counts.Groups["min"]), counts.Groups["max"]);
        return Quantifier(start, start + counts.Length, min, !max.Success ? min : max.Length == 0 ? int.MaxValue : Count(max));
    }

    // .NET rejects a number that is too large. It isn't the same as no limit.
    private static int Count(Group digits) =>
        int.TryParse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : int.MaxValue - 1;

    private RegexToken Group(int start)
    {
        if (Char(start + 1) != '?' || Char(start + 2) == ')')
        {
            return GroupStart(RegexGroupKind.Capture, start, start + 1);
        }

        switch (Char(start + 2))
        {
            case '#' when start < _lastParenthesis:
                return Token(RegexTokenKind.Comment, start, text.IndexOf(')', start) + 1);
            case '=' or '!':
                return GroupStart(RegexGroupKind.Lookahead, start, start + 3);
            case '<' when Char(start + 3) is '=' or '!':
                return GroupStart(RegexGroupKind.Lookbehind, start, start + 4);
            case '>':
                return GroupStart(RegexGroupKind.Atomic, start, start + 3);
            case '(':
                return GroupStart(RegexGroupKind.Conditional, start, start + 2);
            case '<' or '\'' when GroupNameSyntax.Match(text, start + 2) is { Success: true } name:
                var kind = name.ValueSpan.Contains('-') ? RegexGroupKind.Balancing : RegexGroupKind.Capture;
                return GroupStart(kind, start, start + 2 + name.Length);
        }

        if (InlineOptionsSyntax.Match(text, start + 2) is not { Success: true } inline)
        {
            return GroupStart(RegexGroupKind.Invalid, start, start + 1);
        }

        var end = start + 2 + inline.Length;
        var token = inline.ValueSpan is [.., ':']
            ? GroupStart(RegexGroupKind.NonCapturing, start, end)
            : Token(RegexTokenKind.Options, start, end);
        _options = InlineOptions(inline.ValueSpan);
        return token;
    }

    private RegexToken GroupStart(RegexGroupKind kind, int start, int end)
    {
        _outerOptions.Push(_options);
        return Token(RegexTokenKind.GroupStart, start, end) with { Group = kind };
    }

    private RegexOptions InlineOptions(ReadOnlySpan<char> letters)
    {
        var (options, on) = (_options, true);
        foreach (var letter in letters)
        {
            on = letter == '+' || (letter != '-' && on);
            var option = letter switch
            {
                'i' or 'I' => RegexOptions.IgnoreCase,
                'x' or 'X' => RegexOptions.IgnorePatternWhitespace,
                _ => RegexOptions.None, // does not change what the tokens are
            };
            options = on ? options | option : options & ~option;
        }

        return options;
    }

    private RegexToken Escape(int start)
    {
        var match = EscapeSyntax.Match(text, start);

        // If there is no such group, \12 is a character. Read as a back-reference, which excludes the item from automata.
        var kind = match.Groups["anchor"].Success ? RegexTokenKind.Anchor
            : match.Groups["class"].Success ? RegexTokenKind.Class
            : match.Groups["reference"].Success ? RegexTokenKind.BackReference
            : RegexTokenKind.Escape;
        return Token(kind, start, start + match.Length) with
        {
            Letter = Char(start + 1),
            Character = match.Groups["character"].Success ? Regex.Unescape(match.Value)[0] : null,
        };
    }

    // A ] in first place is a literal. -[ opens a class to subtract, unless the hyphen is in first place or ends a range.
    private int? ClassEnd(int start)
    {
        // After an unclosed bracket, only a bracket to subtract can be closed.
        if (_foundUnclosedClass)
        {
            return null;
        }

        var (next, depth) = (FirstInClassEnd(start), 1);
        while (next < text.Length)
        {
            switch (text[next])
            {
                case ']' when depth == 1:
                    return next + 1;
                case ']':
                    (next, depth) = (next + 1, depth - 1);
                    break;
                case '-' when Char(next + 1) == '[':
                    (next, depth) = (FirstInClassEnd(next + 1), depth + 1);
                    break;
                default:
                    next = RangeEnd(next);
                    break;
            }
        }

        _foundUnclosedClass = true;
        return null;
    }

    private int FirstInClassEnd(int bracket) => RangeEnd(Char(bracket + 1) == '^' ? bracket + 2 : bracket + 1);

    // Where one character ends, or a range of characters.
    private int RangeEnd(int start)
    {
        var first = CharacterInClass(start);
        var canStartRange = first is { Kind: not RegexTokenKind.Class, Letter: not '-' };
        return canStartRange && Char(first.End) == '-' && Char(first.End + 1) is not ('[' or ']')
            ? CharacterInClass(first.End + 1).End
            : first.End;
    }

    private RegexToken CharacterInClass(int start) =>
        Char(start) == '\\' ? Escape(start) : Token(RegexTokenKind.Literal, start, start + 1);

    // U+0000 after the end.
    private char Char(int position) => position < text.Length ? text[position] : '\0';
}

/// <summary>One token of a regular expression.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Start">The position of its first character.</param>
/// <param name="End">The position after its last character.</param>
/// <param name="IgnoresCase">Whether it ignores case.</param>
internal readonly record struct RegexToken(RegexTokenKind Kind, int Start, int End, bool IgnoresCase)
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
