using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Python;

/// <summary>
/// Writes one item of an exclusion list, a .NET regular expression searched in the request's path, for OpenTelemetry's Python
/// instrumentation, which splits lists at every comma, joins the items by <c>|</c> and searches the whole URL.
/// </summary>
/// <remarks>
/// The result has no comma, brace, dollar sign, quote, white space or character beyond ASCII, which Python's list or a carrier of the
/// variable could change. An item that is anchored to the start of the path matches within the path only. Any other item also matches in
/// host and query, as all items in Python do. See
/// <see
/// href="https://github.com/open-telemetry/opentelemetry-python-contrib/blob/v0.66b0/util/opentelemetry-util-http/src/opentelemetry/util/http/__init__.py"/>.
/// </remarks>
internal sealed class PythonPattern(string pattern)
{
    private const int MaxTextLength = 4096;

    private const string Authority = "^[^:/?#]+://[^/?#]*";

    // No dollar sign and no backslash, which some carriers of variables change.
    private const string PathEnd = "(?![^?])";
    private const string UrlEnd = "(?!.)";

    private const string MatchesQuestionMark =
        "it matches a question mark in the path, which starts the query in the URL that Python searches";

    private const string OtherGroup = "it has a kind of group that not all Python versions support";

    private readonly List<RegexToken> _tokens = RegexTokens.ReadAll(pattern, out _);
    private readonly bool _fullUrl = ExclusionPattern.NamesFullUrl(pattern);
    private int _position;

    private RegexTokenKind Next => _position < _tokens.Count ? _tokens[_position].Kind : RegexTokenKind.End;

    /// <summary>Writes an item for Python.</summary>
    /// <param name="pattern">A valid .NET pattern.</param>
    /// <param name="text">The pattern for Python; empty if there is none.</param>
    /// <param name="reason">The reason if there is none, as the end of a sentence; empty otherwise.</param>
    public static bool TryWrite(string pattern, out string text, out string reason)
    {
        try
        {
            text = new PythonPattern(pattern).Alternatives(atStart: true, anchored: false).Text;
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

    /// <summary>Writes up to the end of the pattern or of the group.</summary>
    /// <param name="atStart">Whether this is the start of the item, where <c>^</c> is the start of the path.</param>
    /// <param name="anchored">Whether the preceding part is anchored to the start of the path.</param>
    private Expression Alternatives(bool atStart, bool anchored)
    {
        // Python allows options only at the start of the whole list.
        var ignoresCase = Next is RegexTokenKind.Options && pattern[_tokens[_position].Start.._tokens[_position].End] is "(?i)";
        _position += ignoresCase ? 1 : 0;
        List<Expression> alternatives = [Sequence(atStart, anchored)];
        while (Next is RegexTokenKind.Alternation)
        {
            _position++;
            alternatives.Add(Sequence(atStart, anchored));
        }

        var text = string.Join('|', alternatives.Select(alternative => alternative.Text));
        RefuseLongText(text.Length);
        return new Expression(ignoresCase ? $"(?i:{text})" : text, alternatives.TrueForAll(alternative => alternative.Anchored));
    }

    private Expression Sequence(bool atStart, bool anchored)
    {
        var text = new StringBuilder();
        while (Next is not (RegexTokenKind.End or RegexTokenKind.Alternation or RegexTokenKind.GroupEnd))
        {
            var part = Quantified(Atom(_tokens[_position++], atStart, anchored));
            RefuseLongText(text.Append(part.Text).Length);
            anchored |= part.Anchored;
            atStart = false;
        }

        return new Expression(text.ToString(), anchored);
    }

    private Expression Atom(RegexToken token, bool atStart, bool anchored) => token.Kind switch
    {
        RegexTokenKind.GroupStart => Group(token, atStart, anchored),
        RegexTokenKind.Anchor when Next is RegexTokenKind.Quantifier => throw new NotInPythonException("it repeats an anchor"),
        RegexTokenKind.Anchor => Anchor(token, atStart, anchored),

        // Also matches a line break, which a dot doesn't, because a Helm chart would change \n. ASGI servers decode %0A.
        RegexTokenKind.AnyCharacter => new Expression(anchored ? "[^?]" : ".", anchored),
        RegexTokenKind.Class => new Expression(Class(token, anchored), anchored),
        RegexTokenKind.Escape when token.Character is '?' && anchored => throw new NotInPythonException(MatchesQuestionMark),
        RegexTokenKind.Escape or RegexTokenKind.Literal when token.Character is { } character => new Expression(
            Character(character, token.Kind is RegexTokenKind.Escape, inClass: false), anchored),
        RegexTokenKind.Options or RegexTokenKind.Comment => throw new NotInPythonException(OtherGroup),
        RegexTokenKind.BackReference =>
            throw new NotInPythonException("it refers back to a group, and Python counts the groups of all items together"),
        _ => throw new NotInPythonException($"it has '{pattern[token.Start..token.End]}', which not all Python versions support"),
    };

    private Expression Anchor(RegexToken token, bool atStart, bool anchored)
    {
        switch (token.Letter)
        {
            case '$' or 'z' or 'Z':
                return new Expression(_fullUrl ? UrlEnd : PathEnd, anchored);
            case 'b' or 'B':
                return new Expression($"\\{token.Letter}", anchored);
            case '^' or 'A' when _fullUrl:
                return new Expression("^", Anchored: false);
            case '^' or 'A' when atStart:
                // The authority ends at the first slash, which starts the path.
                var followedBySlash = Next is RegexTokenKind.Literal
                    && _tokens[_position].Character == '/'
                    && (_position + 1 == _tokens.Count || _tokens[_position + 1].Kind is not RegexTokenKind.Quantifier);
                return new Expression(followedBySlash ? Authority : $"{Authority}(?=/)", Anchored: true);
            default:
                throw new NotInPythonException("it has an anchor to the start of the path that isn't at its own start");
        }
    }

    private Expression Group(RegexToken token, bool atStart, bool anchored)
    {
        var opening = (token.Group, pattern[token.Start..token.End]) switch
        {
            (RegexGroupKind.Capture, _) => "(",
            (RegexGroupKind.NonCapturing, "(?:" or "(?i:") or (RegexGroupKind.Lookahead, _) => pattern[token.Start..token.End],
            (RegexGroupKind.Lookbehind, _) => throw new NotInPythonException("it has a lookbehind, which Python restricts"),
            _ => throw new NotInPythonException(OtherGroup),
        };
        var isLookahead = token.Group is RegexGroupKind.Lookahead;
        var content = Alternatives(atStart && !isLookahead, anchored);
        _position++;
        return new Expression($"{opening}{content.Text})", isLookahead ? anchored : content.Anchored);
    }

    private string Class(RegexToken token, bool anchored)
    {
        switch (token.Letter)
        {
            case 'p' or 'P':
                throw new NotInPythonException("Python has no Unicode categories");
            case 'D' or 'W' or 'S' when anchored:
                return $@"[^?\{char.ToLowerInvariant(token.Letter)}]";
            case not '\0':
                return $"\\{token.Letter}";
        }

        // A path ends where the query starts, so within an anchored item nothing can match the question mark.
        var text = pattern[(token.Start + 1)..(token.End - 1)];
        var negated = text.StartsWith('^');
        if (anchored && !negated && Regex.IsMatch("?", $"[{text}]", RegexOptions.CultureInvariant))
        {
            throw new NotInPythonException(MatchesQuestionMark);
        }

        var written = new StringBuilder(!negated ? "[" : anchored ? "[^?" : "[^");
        var afterSet = false;
        for (var i = negated ? 1 : 0; i < text.Length;)
        {
            if (text.AsSpan(i).StartsWith("-["))
            {
                throw new NotInPythonException("it subtracts one character class from another");
            }

            var isEscape = text[i] == '\\';
            var part = isEscape
                ? new RegexTokens(text[i..]).Read()
                : new RegexToken(RegexTokenKind.Literal, 0, 1, default) { Character = text[i] };
            written.Append(part switch
            {
                // After \d, Python reads a hyphen as a range.
                { Character: '-' } when afterSet => @"\-",
                { Character: { } character } => Character(character, isEscape, inClass: true),
                { Kind: RegexTokenKind.Class, Letter: not ('p' or 'P') } => $"\\{part.Letter}",
                { Kind: RegexTokenKind.Class } => throw new NotInPythonException("Python has no Unicode categories"),
                _ => throw new NotInPythonException($"it has '{text[i..(i + part.End)]}' in a character class"),
            });
            afterSet = part.Kind is RegexTokenKind.Class;
            i += part.End;
        }

        return written.Append(']').ToString();
    }

    /// <summary>Writes a character, as an escape if a carrier of the variable could change it.</summary>
    private static string Character(char character, bool isEscape, bool inClass)
    {
        var text = character switch
        {
            // Werkzeug leaves a space encoded in the URL, ASGI servers decode it.
            ' ' => inClass ? @"\x20" : @"(?:%20|\x20)",
            ',' or '{' or '}' or '$' or '"' or '\'' or '`' => Code(character),
            '[' or ']' or '&' or '|' or '~' when inClass => Code(character),
            < ' ' or '\x7f' => Code(character),
            _ when char.IsSurrogate(character) =>
                throw new NotInPythonException("it has a character beyond U+FFFF, which .NET counts as two"),
            > '\x7f' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
            _ => $"{character}",
        };
        return !isEscape || text.Length > 1 || character == '/' || char.IsAsciiLetterOrDigit(character) ? text
            : inClass || character is '\\' or '^' or '[' ? $"\\{text}"
            : $"[{text}]";
    }

    private static string Code(char character) => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}");

    /// <summary>Writes an atom with its quantifier. A quantifier in braces becomes alternatives, because it can have a comma.</summary>
    private Expression Quantified(Expression atom)
    {
        if (Next is not RegexTokenKind.Quantifier)
        {
            return atom;
        }

        // Lazy or greedy, it finds the same URLs.
        var token = _tokens[_position++];
        var one = atom.Text;
        var text = (token.Min, token.Max) switch
        {
            (0, int.MaxValue) => $"{one}*",
            (1, int.MaxValue) => $"{one}+",
            (0, 1) => $"{one}?",
            var (min, max) when min == max => Repeat(one, min),
            (var min, int.MaxValue) => $"{Repeat(one, min)}{one}*",
            var (min, max) =>
                $"(?:{string.Join('|', Enumerable.Range(0, Math.Min(max - min, MaxTextLength) + 1).Select(n => Repeat(one, max - n)))})",
        };
        return new Expression(text, atom.Anchored && token.Min > 0);
    }

    private static string Repeat(string atom, int count) =>
        (long)atom.Length * count <= MaxTextLength
            ? new StringBuilder().Insert(0, atom, count).ToString()
            : throw new NotInPythonException("it repeats too often to be written without a comma");

    private static void RefuseLongText(int length)
    {
        if (length > MaxTextLength)
        {
            throw new NotInPythonException("it becomes too long when it is written without a comma");
        }
    }

    private readonly record struct Expression(string Text, bool Anchored);

    private sealed class NotInPythonException(string reason) : Exception(reason);
}
