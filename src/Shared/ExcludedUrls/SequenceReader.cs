using System.Text;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Reads items that consist of texts, character classes and loops over one character, as most do. An item with alternatives or optional
/// characters becomes several sequences.
/// </summary>
/// <remarks>
/// The item <c>^/v[0-9]+/(alive|ready)$</c> becomes <c>^/v[0-9]+/alive$</c> and <c>^/v[0-9]+/ready$</c>, and <c>/items?/</c> becomes
/// <c>/items{0}/</c> and <c>/items{1}/</c>.
/// </remarks>
internal sealed class SequenceReader
{
    private const int MaxSequences = 16;
    private const int MaxSteps = 128;

    // A set takes up to 64 KB, when URLs have characters beyond ASCII.
    private const int MaxSets = 256;

    private readonly Dictionary<string, CharacterSet> _sets = [];
    private readonly List<Part> _sequence = [];
    private readonly List<SequencePattern.Step> _steps = [];
    private readonly StringBuilder _text = new();
    private List<RegexToken> _tokens = [];
    private List<ExclusionPattern> _patterns = [];
    private int _index;
    private string _item = "";
    private bool _ignoresCase;

    /// <summary>Returns the patterns that an item stands for, or <see langword="null"/> if it doesn't consist of sequences.</summary>
    /// <param name="index">The item's position in its list.</param>
    /// <param name="item">The item.</param>
    /// <param name="tokens">The item's tokens, without comments.</param>
    public IReadOnlyList<ExclusionPattern>? Read(int index, string item, out List<RegexToken> tokens)
    {
        _tokens = tokens = RegexTokens.ReadAll(item, out var isBalanced);
        _tokens.RemoveAll(token => token.Kind is RegexTokenKind.Comment);
        _ignoresCase = _tokens.Exists(token => token.IgnoresCase);
        if (!isBalanced || item.Length > ExclusionPattern.MaxItemLength || _tokens.Exists(HasOtherCase))
        {
            return null;
        }

        (_index, _item, _patterns) = (index, item, []);
        _sequence.Clear();
        try
        {
            return ReadAlternatives(0) ? _patterns : null;
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

    // Reads the sequences that continue the current one with an alternative of the group that starts at a position, or of the item.
    private bool ReadAlternatives(int next)
    {
        var length = _sequence.Count;
        do
        {
            if (!ReadFrom(next))
            {
                return false;
            }

            _sequence.RemoveRange(length, _sequence.Count - length);
            next = AlternativeEnd(next) + 1;
        }
        while (KindAt(next - 1) is RegexTokenKind.Alternation);

        return KindAt(next) is not RegexTokenKind.Quantifier || (_tokens[next] is { Min: 0, Max: 1 } && ReadFrom(next + 1));
    }

    // Reads the sequences that continue the current one at a position of the item.
    private bool ReadFrom(int next)
    {
        while (KindAt(next) is not RegexTokenKind.End)
        {
            var token = _tokens[next++];
            switch (token.Kind)
            {
                // .NET validates the names of groups.
                case RegexTokenKind.GroupStart when token.Group is RegexGroupKind.NonCapturing || token.End == token.Start + 1:
                    return ReadAlternatives(next);
                case RegexTokenKind.GroupEnd:
                    // ReadAlternatives() reads the quantifier of a group.
                    next += KindAt(next) is RegexTokenKind.Quantifier ? 1 : 0;
                    break;
                case RegexTokenKind.Alternation:
                    next = AlternativeEnd(next);
                    break;
                case RegexTokenKind.Options:
                    break;
                case var kind when kind is RegexTokenKind.Anchor || IsCharacter(token):
                    var (min, max) = KindAt(next) is RegexTokenKind.Quantifier ? (_tokens[next].Min, _tokens[next++].Max) : (1, 1);
                    if (min != max && max != int.MaxValue)
                    {
                        return ReadCounts(token, min, max, next);
                    }

                    _sequence.Add(new Part(token, min, IsLoop: max == int.MaxValue));
                    break;
                default:
                    return false;
            }
        }

        if (CreatePattern() is not { } pattern)
        {
            return false;
        }

        _patterns.Add(pattern);
        return _patterns.Count <= MaxSequences;
    }

    private bool ReadCounts(RegexToken character, int min, int max, int next)
    {
        var length = _sequence.Count;
        for (var count = min; count <= max; count++)
        {
            _sequence.Add(new Part(character, count, IsLoop: false));
            if (!ReadFrom(next))
            {
                return false;
            }

            _sequence.RemoveRange(length, _sequence.Count - length);
        }

        return min < max;
    }

    private RegexTokenKind KindAt(int position) => position < _tokens.Count ? _tokens[position].Kind : RegexTokenKind.End;

    private static bool IsCharacter(RegexToken token) =>
        token.Character is not null || token.Kind is RegexTokenKind.AnyCharacter or RegexTokenKind.Class;

    // Returns where the alternative at a position ends: at a | or a parenthesis, or at the end of the item.
    private int AlternativeEnd(int position)
    {
        for (var depth = 0; position < _tokens.Count; position++)
        {
            switch (_tokens[position].Kind)
            {
                case RegexTokenKind.GroupStart:
                    depth++;
                    break;
                case RegexTokenKind.Alternation or RegexTokenKind.GroupEnd when depth == 0:
                    return position;
                case RegexTokenKind.GroupEnd:
                    depth--;
                    break;
            }
        }

        return position;
    }

    private SequencePattern? CreatePattern()
    {
        var isAtStart = _sequence is [{ Token: { Kind: RegexTokenKind.Anchor, Letter: '^' or 'A' }, IsOne: true }, ..];
        var isAtEnd = _sequence is [.., { Token: { Kind: RegexTokenKind.Anchor, Letter: '$' or 'z' or 'Z' }, IsOne: true }];
        _steps.Clear();
        _text.Clear();
        if (!isAtStart)
        {
            _steps.Add(SequencePattern.Step.AnyLoop);
        }

        for (var i = isAtStart ? 1 : 0; i < _sequence.Count - (isAtEnd ? 1 : 0); i++)
        {
            if (!IsCharacter(_sequence[i].Token) || _sequence[i].Count > MaxSteps || !TryAdd(_sequence[i]))
            {
                return null;
            }
        }

        AddText();
        return _steps.Count <= MaxSteps ? new SequencePattern(_index, [.. _steps], isAtEnd) : null;
    }

    private bool TryAdd(Part part)
    {
        var (token, count, isLoop) = part;
        if (token.Character is { } character && RequiredText.CanBeRequired(character, _ignoresCase))
        {
            _text.Append(character, count);
            count = 0;
            if (!isLoop)
            {
                return true;
            }
        }

        if (FindSet(token) is not { } set)
        {
            return false;
        }

        if (count > 0)
        {
            AddText();
            _steps.Add(new(null, set, IsLoop: false) { Count = count });
        }

        if (isLoop)
        {
            AddText();
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

    private CharacterSet? FindSet(RegexToken token)
    {
        if (token.Kind is RegexTokenKind.AnyCharacter)
        {
            return CharacterSet.Any;
        }

        var expression = (_ignoresCase ? "(?i)" : "") + _item[token.Start..token.End];
        if (!_sets.TryGetValue(expression, out var set) && _sets.Count < MaxSets)
        {
            _sets.Add(expression, set = CharacterSet.Create(expression));
        }

        return set;
    }

    // A character or an anchor of a sequence.
    private readonly record struct Part(RegexToken Token, int Count, bool IsLoop)
    {
        public bool IsOne => Count == 1 && !IsLoop;
    }
}
