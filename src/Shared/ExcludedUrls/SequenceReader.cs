using System.Text;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Reads items that consist of texts, character classes and loops over one character, as most do. An item with alternatives or optional
/// characters becomes several sequences.
/// </summary>
/// <remarks>
/// Such an item is expanded first: <c>^/v[0-9]+/(alive|ready)$</c> becomes <c>^/v[0-9]+/alive$</c> and <c>^/v[0-9]+/ready$</c>, and
/// <c>/items?/</c> becomes <c>/items{0}/</c> and <c>/items{1}/</c>.
/// </remarks>
internal sealed class SequenceReader
{
    private const int MaxSequences = 16;
    private const int MaxSteps = 128;

    // A set takes up to 64 KB, when URLs have characters beyond ASCII.
    private const int MaxSets = 256;

    private static readonly List<string> OneEmpty = [""];

    private readonly Dictionary<(string Expression, bool IgnoresCase), CharacterSet> _sets = [];
    private readonly List<RegexToken> _tokens = [];
    private readonly List<RegexToken> _expandedTokens = [];
    private readonly List<SequencePattern.Step> _steps = [];
    private readonly StringBuilder _text = new();
    private string _item = "";
    private int _next;
    private bool _ignoresCase;

    private RegexTokenKind NextKind => _next < _tokens.Count ? _tokens[_next].Kind : RegexTokenKind.End;

    /// <summary>Returns the patterns that an item stands for, or <see langword="null"/> if it doesn't consist of sequences.</summary>
    /// <param name="index">The item's position in its list.</param>
    /// <param name="item">The item.</param>
    /// <param name="tokens">The item's tokens, with balanced parentheses.</param>
    public IReadOnlyList<ExclusionPattern>? Read(int index, string item, List<RegexToken> tokens)
    {
        _tokens.Clear();
        _tokens.AddRange(tokens);
        _tokens.RemoveAll(token => token.Kind is RegexTokenKind.Comment);
        _ignoresCase = _tokens.Exists(token => token.IgnoresCase);
        if (_tokens.Exists(HasOtherCase) || HasQuantifiedOption())
        {
            return null;
        }

        _tokens.RemoveAll(token => token.Kind is RegexTokenKind.Options);

        try
        {
            return _tokens.Exists(NeedsExpansion) ? ReadExpanded(index, item)
                : ReadSequence(index, item, _tokens) is { } pattern ? [pattern]
                : null;
        }
        catch (ArgumentException)
        {
            // A class such as [z-a].
            return null;
        }
    }

    // One sequence can't mix texts that ignore case with others.
    private bool HasOtherCase(RegexToken token) =>
        token.IgnoresCase != _ignoresCase
            && (token.Kind is RegexTokenKind.Class || (token.Character is { } c && (char.IsAsciiLetter(c) || !char.IsAscii(c))));

    // A quantifier after (?i) doesn't repeat the character before it.
    private bool HasQuantifiedOption()
    {
        for (var i = 1; i < _tokens.Count; i++)
        {
            if (_tokens[i].Kind is RegexTokenKind.Quantifier && _tokens[i - 1].Kind is RegexTokenKind.Options)
            {
                return true;
            }
        }

        return false;
    }

    private static bool NeedsExpansion(RegexToken token) =>
        token.Kind is RegexTokenKind.GroupStart or RegexTokenKind.Alternation || IsRange(token);

    private static bool IsRange(RegexToken token) =>
        token is { Kind: RegexTokenKind.Quantifier, Max: not int.MaxValue } && token.Min != token.Max;

    private List<ExclusionPattern>? ReadExpanded(int index, string item)
    {
        (_item, _next) = (item, 0);
        if (ExpandAlternatives() is not { } sequences || NextKind is not RegexTokenKind.End)
        {
            return null;
        }

        var patterns = sequences.ConvertAll(
            sequence => ReadSequence(index, sequence, RegexTokens.ReadAll(sequence, out _, _expandedTokens))!);
        return patterns.Contains(null!) ? null : patterns;
    }

    private List<string>? ExpandAlternatives()
    {
        var expanded = ExpandSequence();
        while (expanded is not null && NextKind is RegexTokenKind.Alternation)
        {
            _next++;
            expanded = ExpandSequence() is { } others && expanded.Count + others.Count <= MaxSequences ? [.. expanded, .. others] : null;
        }

        return expanded;
    }

    private List<string>? ExpandSequence()
    {
        var (expanded, common) = (OneEmpty, new StringBuilder());
        while (NextKind is not (RegexTokenKind.End or RegexTokenKind.Alternation or RegexTokenKind.GroupEnd))
        {
            var token = _tokens[_next++];
            var alternatives = token.Kind is RegexTokenKind.GroupStart ? ExpandGroup(token) : ExpandCharacter(token, common);
            if (alternatives is null || expanded.Count * alternatives.Count > MaxSequences)
            {
                return null;
            }

            if (alternatives != OneEmpty)
            {
                expanded = Join(expanded, common.ToString(), alternatives);
                common.Clear();
            }
        }

        return Join(expanded, common.ToString(), OneEmpty);
    }

    private static List<string> Join(List<string> starts, string common, List<string> ends)
    {
        var joined = new List<string>(starts.Count * ends.Count);
        foreach (var start in starts)
        {
            foreach (var end in ends)
            {
                joined.Add(string.Concat(start, common, end));
            }
        }

        return joined;
    }

    private List<string>? ExpandGroup(RegexToken token)
    {
        // .NET validates the names of groups.
        var isUnnamed = token.Group is RegexGroupKind.Capture && token.End == token.Start + 1;
        if (!isUnnamed && token.Group is not RegexGroupKind.NonCapturing)
        {
            return null;
        }

        var alternatives = ExpandAlternatives();
        _next++;
        if (NextKind is not RegexTokenKind.Quantifier)
        {
            return alternatives;
        }

        return alternatives is not null && _tokens[_next++] is { Min: 0, Max: 1 } ? [.. alternatives, ""] : null;
    }

    // Adds a character to what all alternatives have in common, or returns its alternatives.
    private List<string>? ExpandCharacter(RegexToken token, StringBuilder common)
    {
        if (!IsCharacter(token) && token.Kind is not RegexTokenKind.Anchor)
        {
            return null;
        }

        // A brace that follows another alternative doesn't start a quantifier.
        var text = token.Character is '{' ? @"\{" : _item.AsSpan(token.Start, token.End - token.Start);
        if (NextKind is not RegexTokenKind.Quantifier)
        {
            common.Append(text);
            return OneEmpty;
        }

        var quantifier = _tokens[_next++];
        if (!IsRange(quantifier))
        {
            common.Append(text).Append(_item, quantifier.Start, quantifier.End - quantifier.Start);
            return OneEmpty;
        }

        var (character, min, max) = (text.ToString(), quantifier.Min, quantifier.Max);
        return min < max && max - min < MaxSequences
            ? [.. Enumerable.Range(min, max - min + 1).Select(count => $"{character}{{{count}}}")]
            : null;
    }

    // An octal escape, such as \0, can become longer when it is expanded.
    private static bool IsCharacter(RegexToken token) =>
        token.Kind is RegexTokenKind.AnyCharacter or RegexTokenKind.Class
            || (token.Character is not null && token is not { Kind: RegexTokenKind.Escape, Letter: '0' });

    private ExclusionPattern? ReadSequence(int index, string sequence, List<RegexToken> tokens)
    {
        var isAtStart = tokens is [{ Kind: RegexTokenKind.Anchor, Letter: '^' or 'A' }, ..];
        var isAtEnd = tokens is [.., { Kind: RegexTokenKind.Anchor, Letter: '$' or 'z' or 'Z' }];
        var end = tokens.Count - (isAtEnd ? 1 : 0);
        _steps.Clear();
        _text.Clear();
        if (!isAtStart)
        {
            _steps.Add(SequencePattern.Step.AnyLoop);
        }

        for (var i = isAtStart ? 1 : 0; i < end; i++)
        {
            var character = tokens[i];
            var isQuantified = i + 1 < end && tokens[i + 1].Kind is RegexTokenKind.Quantifier;
            var (min, max) = isQuantified ? (tokens[i + 1].Min, tokens[i + 1].Max) : (1, 1);
            if (!IsCharacter(character) || min > MaxSteps || !TryAdd(sequence, character, min, isLoop: max == int.MaxValue))
            {
                return null;
            }

            i += isQuantified ? 1 : 0;
        }

        // A URL with a line break is never excluded.
        if (isAtStart && isAtEnd && !_ignoresCase && _steps.Count == 0 && _text.ToString() is var url && !url.Contains('\n'))
        {
            return new WholeUrlPattern(index, url);
        }

        AddText();
        return _steps.Count <= MaxSteps ? new SequencePattern(index, [.. _steps], isAtEnd) : null;
    }

    private bool TryAdd(string sequence, RegexToken token, int count, bool isLoop)
    {
        if (token.Character is { } character && RequiredText.CanBeRequired(character, _ignoresCase))
        {
            _text.Append(character, count);
            if (!isLoop)
            {
                return true;
            }

            count = 0;
        }

        if (FindSet(sequence, token) is not { } set)
        {
            return false;
        }

        if (count > 0 || isLoop)
        {
            AddText();
        }

        if (count > 0)
        {
            AddSet(set, count);
        }

        if (isLoop)
        {
            _steps.Add(new(null, set, IsLoop: true));
        }

        return true;
    }

    private void AddText()
    {
        if (_text.Length > 0)
        {
            _steps.Add(new(new RequiredText(_text.ToString(), _ignoresCase), null, IsLoop: false));
            _text.Clear();
        }
    }

    private void AddSet(CharacterSet set, int count)
    {
        if (_steps is [.., { IsLoop: false } last] && last.Set == set)
        {
            _steps[^1] = last with { Count = last.Count + count };
        }
        else
        {
            _steps.Add(new(null, set, IsLoop: false) { Count = count });
        }
    }

    private CharacterSet? FindSet(string sequence, RegexToken token)
    {
        if (token.Kind is RegexTokenKind.AnyCharacter)
        {
            return CharacterSet.Any;
        }

        var key = (Expression: sequence[token.Start..token.End], _ignoresCase);
        if (!_sets.TryGetValue(key, out var set) && _sets.Count < MaxSets)
        {
            _sets.Add(key, set = CharacterSet.Create(key.Expression, _ignoresCase));
        }

        return set;
    }
}
