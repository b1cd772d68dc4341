using System.Text;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// An item that is plain text, perhaps between <c>^</c> and <c>$</c> and with <c>.*</c> in it, as most are. It needs no regular expression:
/// its texts are looked for one after the other.
/// </summary>
internal sealed class TextPattern : ExclusionPattern
{
    // Optional characters and alternatives multiply the texts that an item stands for.
    private const int MaxTexts = 16;

    // In the place of ^, $, .* and .+; characters that a URL can have, but hardly an item.
    private const char Start = '\u0001';
    private const char End = '\u0002';
    private const char AnyText = '\u0003';
    private const char SomeText = '\u0004';

    private readonly RequiredText[] _texts;
    private readonly bool[] _isApart;
    private readonly bool _atStart;
    private readonly bool _atEnd;

    private TextPattern(int index, RequiredText[] texts, bool[] isApart, bool atStart, bool atEnd)
        : base(index, Array.FindAll(texts, text => text.Text.Length >= RequiredText.MinLength))
    {
        (_texts, _isApart, _atStart, _atEnd) = (texts, isApart, atStart, atEnd);
    }

    /// <summary>Gets the only URL that matches, if there is only one.</summary>
    public string? WholeUrl => _atStart && _atEnd && _texts is [var text] ? text.Text : null;

    /// <summary>Returns the texts that an item stands for, or an empty list if it isn't made of plain text.</summary>
    /// <param name="index">The item's position in its list.</param>
    /// <param name="tokens">The item, with balanced parentheses.</param>
    public static IReadOnlyList<TextPattern> Expand(int index, List<RegexToken> tokens)
    {
        var position = 0;
        var texts = Alternatives(tokens, ref position);
        return texts is null || position < tokens.Count || !texts.TrueForAll(HasAnchorsAtItsEnds)
            ? []
            : texts.ConvertAll(text => Create(index, text));
    }

    public override bool IsMatch(ReadOnlySpan<char> url)
    {
        // The ends first, as they need no search.
        if (_atStart && !url.StartsWith(_texts[0].Text))
        {
            return false;
        }

        if (_atEnd)
        {
            if (!url.EndsWith(_texts[^1].Text))
            {
                return false;
            }

            if (_texts.Length > 1)
            {
                url = url[..^_texts[^1].Text.Length];
            }
        }

        for (var i = 0; i < _texts.Length; i++)
        {
            if (_isApart[i])
            {
                if (url.IsEmpty)
                {
                    return false;
                }

                url = url[1..];
            }

            if (i > 0 && i == _texts.Length - 1 && _atEnd)
            {
                return true;
            }

            var found = i == 0 && _atStart ? (url.StartsWith(_texts[0].Text) ? 0 : -1) : _texts[i].IndexIn(url);
            if (found < 0)
            {
                return false;
            }

            url = url[(found + _texts[i].Text.Length)..];
        }

        return _texts.Length > 1 || !_atStart || !_atEnd || url.IsEmpty;
    }

    private static TextPattern Create(int index, string text)
    {
        var (atStart, atEnd) = (text.StartsWith(Start), text.EndsWith(End));
        var content = text[(atStart ? 1 : 0)..(atEnd ? ^1 : ^0)];
        var texts = content.Split(AnyText, SomeText);
        var isApart = new bool[texts.Length];
        for (var (i, position) = (1, texts[0].Length); i < texts.Length; position += texts[i].Length + 1, i++)
        {
            isApart[i] = content[position] == SomeText;
        }

        return new TextPattern(index, Array.ConvertAll(texts, text => new RequiredText(text)), isApart, atStart, atEnd);
    }

    private static bool HasAnchorsAtItsEnds(string text) =>
        text.LastIndexOf(Start) <= 0 && (text.IndexOf(End, StringComparison.Ordinal) is var end && (end < 0 || end == text.Length - 1));

    private static List<string>? Alternatives(List<RegexToken> tokens, ref int position)
    {
        var texts = new List<string>();
        do
        {
            if (Sequence(tokens, ref position) is not { } sequence || texts.Count + sequence.Count > MaxTexts)
            {
                return null;
            }

            texts.AddRange(sequence);
        }
        while (position < tokens.Count && tokens[position].Kind is RegexTokenKind.Alternation && position++ >= 0);

        return texts;
    }

    private static List<string>? Sequence(List<RegexToken> tokens, ref int position)
    {
        List<string> texts = [""];
        var run = new StringBuilder();
        while (position < tokens.Count && tokens[position].Kind is not (RegexTokenKind.Alternation or RegexTokenKind.GroupEnd))
        {
            var token = tokens[position++];
            if (token.Kind is RegexTokenKind.Comment or RegexTokenKind.Options)
            {
                continue;
            }

            List<string>? alternatives = null;
            if (token is { Kind: RegexTokenKind.GroupStart, Group: RegexGroupKind.Capture or RegexGroupKind.NonCapturing })
            {
                alternatives = Alternatives(tokens, ref position);
                position++;
            }

            var character = Character(token);
            if (alternatives is null && character is null)
            {
                return null;
            }

            var quantifier = ReadQuantifier(tokens, ref position);
            switch (token.Kind, quantifier?.Min, quantifier?.Max)
            {
                case (RegexTokenKind.AnyCharacter, 0, int.MaxValue):
                    run.Append(AnyText);
                    break;
                case (RegexTokenKind.AnyCharacter, 1, int.MaxValue):
                    run.Append(SomeText);
                    break;
                case (not RegexTokenKind.AnyCharacter, null, null):
                    run.Append(character);
                    break;
                case (not (RegexTokenKind.AnyCharacter or RegexTokenKind.Anchor), 0, 1):
                    alternatives = [.. alternatives ?? [$"{character}"], ""];
                    break;
                default:
                    return null;
            }

            if (alternatives is not null)
            {
                if (texts.Count * alternatives.Count > MaxTexts)
                {
                    return null;
                }

                var before = run.ToString();
                texts = [.. from text in texts from alternative in alternatives select string.Concat(text, before, alternative)];
                run.Clear();
            }
        }

        return run.Length == 0 ? texts : texts.ConvertAll(text => $"{text}{run}");
    }

    private static char? Character(RegexToken token) => (token.Kind, token.Letter) switch
    {
        (RegexTokenKind.Anchor, '^' or 'A') => Start,
        (RegexTokenKind.Anchor, '$' or 'z' or 'Z') => End,
        (RegexTokenKind.AnyCharacter, _) => AnyText,
        _ when token.Character is { } character and >= ' ' && !(token.IgnoresCase && CanHaveCase(character)) => character,
        _ => null,
    };

    private static RegexToken? ReadQuantifier(List<RegexToken> tokens, ref int position)
    {
        var next = position;
        while (next < tokens.Count && tokens[next].Kind is RegexTokenKind.Comment)
        {
            next++;
        }

        if (next == tokens.Count || tokens[next].Kind is not RegexTokenKind.Quantifier)
        {
            return null;
        }

        position = next + 1;
        return tokens[next];
    }

    private static bool CanHaveCase(char character) => !char.IsAscii(character) || char.IsAsciiLetter(character);
}
