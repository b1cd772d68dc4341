using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>
/// Says one item of an exclusion list, a .NET regex searched in the request's path, in the terms of OpenTelemetry's Python
/// instrumentation: split from its neighbours at every comma, joined with them by <c>|</c> and searched in the whole URL.
/// </summary>
/// <remarks>
/// What is written has no comma, brace, dollar sign, quote, white space or character beyond ASCII, and a backslash only where nothing else says it, so that
/// it also passes through what carries the variable. An item that is anchored to the start of the path stays within the path. One that isn't is searched in host and query,
/// too, as every item that a Python developer writes.
/// https://github.com/open-telemetry/opentelemetry-python-contrib/blob/main/util/opentelemetry-util-http/src/opentelemetry/util/http/__init__.py
/// </remarks>
internal sealed partial class PythonPattern
{
    private const int MaxTextLength = 4096;

    private const string Authority = "^[^:/?#]+://[^/?#]*";

    // No dollar sign and no backslash, which some carriers of variables don't leave alone.
    private const string PathEnd = "(?![^?])";
    private const string UrlEnd = "(?!.)";

    private const string MatchesQuestionMark = "it matches a question mark in the path, which in the URL that Python searches starts the query";
    private const string LooksBehind = "Python looks behind over a fixed number of characters only";

    private readonly string _pattern;
    private readonly bool _fullUrl;
    private int _position;
    private int _lookarounds;
    private int _lookbehinds;

    private PythonPattern(string pattern)
    {
        _pattern = pattern;
        _fullUrl = pattern.Contains("://", StringComparison.Ordinal);
    }

    private bool AtEnd => _position == _pattern.Length;

    private string EndAnchor => _fullUrl ? UrlEnd : PathEnd;

    /// <param name="pattern">A valid .NET pattern.</param>
    /// <param name="text">The same for Python; empty if there is none.</param>
    /// <param name="reason">Why there is none, as the end of a sentence; empty if there is one.</param>
    public static bool TryWrite(string pattern, out string text, out string reason)
    {
        var writer = new PythonPattern(pattern);
        try
        {
            text = writer.Alternatives(atStart: true, anchored: false).Text;
            text = text is "" ? "(?:)" : text;
            reason = "";
            return true;
        }
        catch (NotInPythonException exception)
        {
            text = "";
            reason = exception.Message;
            return false;
        }
    }

    /// <summary>Reads up to the end of the pattern or the parenthesis that closes the group.</summary>
    /// <param name="atStart">Whether nothing stands before, so that <c>^</c> is the start of the path.</param>
    /// <param name="anchored">Whether what stands before is anchored to the start of the path.</param>
    private Expression Alternatives(bool atStart, bool anchored)
    {
        var ignoreCase = TryRead("(?i)");
        var alternatives = new List<Expression>();
        do
        {
            alternatives.Add(Sequence(atStart, anchored));
        }
        while (TryReadAlternation());

        var text = string.Join('|', alternatives.Select(alternative => alternative.Text));
        RefuseLongText(text.Length);
        return new Expression(ignoreCase ? $"(?i:{text})" : text, alternatives.TrueForAll(alternative => alternative.Anchored));
    }

    private bool TryReadAlternation()
    {
        if (!TryRead("|"))
        {
            return false;
        }

        if (_lookbehinds > 0)
        {
            throw new NotInPythonException(LooksBehind);
        }

        return true;
    }

    private Expression Sequence(bool atStart, bool anchored)
    {
        var text = new StringBuilder();
        while (!AtEnd && _pattern[_position] is not ('|' or ')'))
        {
            var atom = Atom(atStart, anchored);
            text.Append(Quantified(atom.Text, out var optional));
            anchored |= atom.Anchored && !optional;
            atStart &= atom.Text is "";
            RefuseLongText(text.Length);
        }

        return new Expression(text.ToString(), anchored);
    }

    private Expression Atom(bool atStart, bool anchored)
    {
        var character = _pattern[_position++];
        return character switch
        {
            '^' => StartAnchor(atStart),
            '$' => new Expression(EndAnchor, anchored),
            '(' => Group(atStart, anchored),
            '[' => new Expression(CharacterClass(anchored), anchored),
            '.' => new Expression(anchored ? @"[^?\n]" : ".", anchored),
            '\\' => Escape(atStart, anchored),
            _ => new Expression(Literal(character, inClass: false), anchored),
        };
    }

    private Expression StartAnchor(bool atStart)
    {
        if (_fullUrl)
        {
            return new Expression("^", Anchored: false);
        }

        if (!atStart || _lookarounds > 0)
        {
            throw new NotInPythonException("it has an anchor to the start of the path that isn't at its own start");
        }

        // The authority ends at the first slash, so a slash that follows, or is looked for, stands at the start of the path.
        var followedBySlash = !AtEnd && _pattern[_position] == '/' && !Quantifier().IsMatch(_pattern, _position + 1);
        return new Expression(followedBySlash ? Authority : $"{Authority}(?=/)", Anchored: true);
    }

    private Expression Group(bool atStart, bool anchored)
    {
        var (opening, lookaround, lookbehind) = GroupOpening();
        if (opening is "")
        {
            return new Expression("", anchored);
        }

        _lookarounds += lookaround ? 1 : 0;
        _lookbehinds += lookbehind ? 1 : 0;
        var content = Alternatives(atStart, anchored);
        _lookarounds -= lookaround ? 1 : 0;
        _lookbehinds -= lookbehind ? 1 : 0;

        _position++;
        return new Expression($"{opening}{content.Text})", lookaround ? anchored : content.Anchored);
    }

    private (string Text, bool Lookaround, bool Lookbehind) GroupOpening()
    {
        if (!TryRead("?"))
        {
            return ("(", false, false);
        }

        foreach (var plain in (ReadOnlySpan<string>)[":", "i:"])
        {
            if (TryRead(plain))
            {
                return ($"(?{plain}", false, false);
            }
        }

        foreach (var lookaround in (ReadOnlySpan<string>)["=", "!", "<=", "<!"])
        {
            if (TryRead(lookaround))
            {
                return ($"(?{lookaround}", true, lookaround[0] == '<');
            }
        }

        if (TryRead("#"))
        {
            _position = _pattern.IndexOf(')', _position) + 1;
            return ("", false, false);
        }

        if (TryRead("<") || TryRead("'"))
        {
            var name = _position;
            while (_pattern[_position] is not ('>' or '\''))
            {
                _position++;
            }

            if (!_pattern.AsSpan(name, _position - name).Contains('-'))
            {
                _position++;
                return ("(", false, false);
            }
        }

        throw new NotInPythonException("it has a group of a kind that Python doesn't have everywhere");
    }

    private string CharacterClass(bool anchored)
    {
        var start = _position - 1;
        var negated = TryRead("^");

        // A path ends where the query starts, so within an anchored item nothing may match the question mark.
        var text = new StringBuilder("[").Append(negated ? "^" : "").Append(negated && anchored ? "?" : "");
        var afterSet = false;
        for (var first = true; first || _pattern[_position] != ']'; first = false)
        {
            var character = _pattern[_position++];
            if (character == '\\')
            {
                afterSet = _pattern[_position] is 'd' or 'D' or 'w' or 'W' or 's' or 'S';
                text.Append(EscapedCharacter(inClass: true));
                continue;
            }

            if (character == '-' && _pattern[_position] == '[')
            {
                throw new NotInPythonException("it subtracts one character class from another");
            }

            // Python takes a hyphen after \d for a range that can't be.
            text.Append(character == '-' && afterSet ? @"\-" : Literal(character, inClass: true));
            afterSet = false;
        }

        _position++;
        if (anchored && !negated && Regex.IsMatch("?", _pattern[start.._position]))
        {
            throw new NotInPythonException(MatchesQuestionMark);
        }

        return text.Append(']').ToString();
    }

    private Expression Escape(bool atStart, bool anchored)
    {
        switch (_pattern[_position])
        {
            case 'A':
                _position++;
                return StartAnchor(atStart);
            case 'z' or 'Z':
                _position++;
                return new Expression(EndAnchor, anchored);
            case 'D' or 'W' or 'S' when anchored:
                return new Expression($@"[^?\{char.ToLowerInvariant(_pattern[_position++])}]", anchored);
            case '?' when anchored:
                throw new NotInPythonException(MatchesQuestionMark);
            default:
                return new Expression(EscapedCharacter(inClass: false), anchored);
        }
    }

    /// <summary>Reads what follows a backslash.</summary>
    private string EscapedCharacter(bool inClass)
    {
        var character = _pattern[_position++];
        switch (character)
        {
            case 'd' or 'D' or 'w' or 'W' or 's' or 'S' or 'b' or 'B' or 't' or 'n' or 'r' or 'f' or 'v' or 'a':
                return $"\\{character}";
            case 'e':
                return @"\x1b";
            case 'x' or 'u':
                var digits = character == 'x' ? 2 : 4;
                _position += digits;
                return $"\\{character}{_pattern.AsSpan(_position - digits, digits)}";
            case 'k' or (>= '0' and <= '9'):
                throw new NotInPythonException("it refers back to a group, and Python counts the groups of all items together");
            case 'p' or 'P':
                throw new NotInPythonException("Python has no Unicode categories");
            case var letter when char.IsAsciiLetter(letter):
                throw new NotInPythonException($"Python has no \\{letter}");
            default:
                var text = Literal(character, inClass);
                return text.Length > 1 || character == '/' ? text : inClass || character is '\\' or '^' or '[' ? $"\\{text}" : $"[{text}]";
        }
    }

    /// <summary>Writes a character that stands for itself, by its code where something on the way to Python's regex could take it for its own.</summary>
    private string Literal(char character, bool inClass) => character switch
    {
        // Werkzeug leaves a space encoded in the URL, ASGI servers decode it.
        ' ' => inClass || _lookbehinds > 0 ? @"\x20" : @"(?:%20|\x20)",
        ',' or '{' or '}' or '$' or '"' or '\'' or '`' => Code(character),
        '[' or '&' or '|' or '~' when inClass => Code(character),
        < ' ' or '\x7f' => Code(character),
        _ when char.IsSurrogate(character) => throw new NotInPythonException("it has a character beyond U+FFFF, which .NET counts as two"),
        > '\x7f' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
        _ => character.ToString(),
    };

    private static string Code(char character) => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}");

    /// <summary>Writes an atom with the quantifier that follows it; one in braces as a choice, for it may have a comma.</summary>
    private string Quantified(string atom, out bool optional)
    {
        optional = false;
        if (Quantifier().Match(_pattern, _position) is not { Success: true } quantifier)
        {
            return atom;
        }

        if (_lookbehinds > 0)
        {
            throw new NotInPythonException(LooksBehind);
        }

        _position += quantifier.Length;
        var one = IsOneAtom(atom) ? atom : $"(?:{atom})";
        if (quantifier.Groups["sign"] is { Success: true } sign)
        {
            optional = sign.Value is "*" or "?";
            return one + sign.Value;
        }

        var atLeast = Count(quantifier.Groups["atLeast"].Value);
        optional = atLeast == 0;
        return (quantifier.Groups["comma"].Success, quantifier.Groups["atMost"].Value) switch
        {
            (false, _) => Repeat(one, atLeast),
            (true, "") => $"{Repeat(one, atLeast)}{one}*",
            (true, var atMost) => Between(one, atLeast, Count(atMost)),
        };
    }

    private static string Between(string atom, int atLeast, int atMost)
    {
        var choices = new StringBuilder();
        for (var count = atMost; count >= atLeast; count--)
        {
            choices.Append(choices.Length > 0 ? "|" : "").Append(Repeat(atom, count));
            RefuseLongText(choices.Length);
        }

        return $"(?:{choices})";
    }

    private static string Repeat(string atom, int count)
    {
        if ((long)atom.Length * count > MaxTextLength)
        {
            throw new NotInPythonException("it repeats too often to be written without a comma");
        }

        return new StringBuilder().Insert(0, atom, count).ToString();
    }

    private static int Count(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : int.MaxValue;

    private static void RefuseLongText(int length)
    {
        if (length > MaxTextLength)
        {
            throw new NotInPythonException("it becomes too long when it is written without a comma");
        }
    }

    private static bool IsOneAtom(string text) => text switch
    {
        // Python repeats no word boundary but in a group.
        ['\\', 'b' or 'B'] => false,
        [_] => true,
        ['\\', 'x', _, _] or ['\\', 'u', _, _, _, _] or ['\\', _] => true,
        ['[', ..] => true,
        ['(', ..] => true,
        _ => false,
    };

    /// <summary>A brace that opens no quantifier stands for itself. Lazy or greedy, it finds the same URLs.</summary>
    [GeneratedRegex(@"\G(?:(?<sign>[*+?])|\{(?<atLeast>[0-9]+)(?<comma>,(?<atMost>[0-9]*))?\})\??")]
    private static partial Regex Quantifier();

    private bool TryRead(string text)
    {
        if (!_pattern.AsSpan(_position).StartsWith(text, StringComparison.Ordinal))
        {
            return false;
        }

        _position += text.Length;
        return true;
    }

    private readonly record struct Expression(string Text, bool Anchored);

    private sealed class NotInPythonException(string reason) : Exception(reason);
}
