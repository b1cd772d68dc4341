using System.Text;
using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Reads the items of a list that consist of texts, characters and loops over characters, perhaps between <c>^</c> and <c>$</c>, as most do.
/// Optional characters and alternatives multiply the sequences that an item stands for.
/// </summary>
internal sealed class SequenceReader
{
    private const int MaxSequences = 16;
    private const int MaxRepetitions = 64;
    private const int MaxSteps = 128;

    // An item is read into strings. Characters that a URL can have, but hardly an item, stand in them for what is no text: the anchors, and
    // from FirstStep to the blank the other steps.
    private const char Start = '\u0001';
    private const char End = '\u0002';
    private const char FirstStep = '\u0003';

    private readonly Dictionary<(string Expression, bool IgnoresCase), CharacterSet> _sets = [];
    private readonly List<SequenceStep> _steps = [];
    private string _item = "";
    private List<RegexToken> _tokens = [];
    private int _next;
    private bool? _ignoresCase;

    /// <summary>Returns patterns that match what an item does, or <see langword="null"/> if the item isn't made of sequences.</summary>
    /// <param name="index">The item's position in its list.</param>
    /// <param name="item">The item.</param>
    /// <param name="tokens">The item's tokens, with balanced parentheses.</param>
    public IReadOnlyList<ExclusionPattern>? Read(int index, string item, List<RegexToken> tokens)
    {
        (_item, _tokens, _next, _ignoresCase) = (item, tokens, 0, null);
        _steps.Clear();
        var sequences = ReadAlternatives();
        if (sequences is null || _next < tokens.Count || !sequences.TrueForAll(HasAnchorsAtItsEnds))
        {
            return null;
        }

        var patterns = new ExclusionPattern[sequences.Count];
        for (var i = 0; i < patterns.Length; i++)
        {
            if (CreatePattern(index, sequences[i]) is not { } pattern)
            {
                return null;
            }

            patterns[i] = pattern;
        }

        return patterns;
    }

    private ExclusionPattern? CreatePattern(int index, string sequence)
    {
        var (atStart, atEnd) = (sequence.StartsWith(Start), sequence.EndsWith(End));
        var content = sequence.AsSpan()[(atStart ? 1 : 0)..(atEnd ? ^1 : ^0)];
        if (atStart && atEnd && _ignoresCase is not true && content.IndexOfAnyInRange('\0', '\u001F') < 0)
        {
            return new WholeUrlPattern(index, content.ToString());
        }

        var steps = new List<SequenceStep>();
        if (!atStart)
        {
            steps.Add(SequenceStep.AnyText);
        }

        while (!content.IsEmpty)
        {
            var length = content.IndexOfAnyInRange('\0', '\u001F') is >= 0 and var control ? control : content.Length;
            steps.Add(length == 0
                ? _steps[content[0] - FirstStep]
                : new SequenceStep(new RequiredText(content[..length].ToString(), _ignoresCase ?? false), null, IsLoop: false));
            content = content[Math.Max(1, length)..];
        }

        return steps.Count <= MaxSteps ? new SequencePattern(index, [.. steps], atEnd) : null;
    }

    private static bool HasAnchorsAtItsEnds(string sequence) =>
        sequence.LastIndexOf(Start) <= 0
            && (sequence.IndexOf(End, StringComparison.Ordinal) is var end && (end < 0 || end == sequence.Length - 1));

    private List<string>? ReadAlternatives()
    {
        var sequences = new List<string>();
        do
        {
            if (ReadSequence() is not { } alternatives || sequences.Count + alternatives.Count > MaxSequences)
            {
                return null;
            }

            sequences.AddRange(alternatives);
        }
        while (_next < _tokens.Count && _tokens[_next].Kind is RegexTokenKind.Alternation && _next++ >= 0);

        return sequences;
    }

    private List<string>? ReadSequence()
    {
        List<string> sequences = [""];
        var run = new StringBuilder();
        while (_next < _tokens.Count && _tokens[_next].Kind is not (RegexTokenKind.Alternation or RegexTokenKind.GroupEnd))
        {
            var token = _tokens[_next++];
            if (token.Kind is RegexTokenKind.Comment or RegexTokenKind.Options)
            {
                continue;
            }

            var alternatives = token.Kind is RegexTokenKind.GroupStart ? ReadGroup(token) : ReadCharacter(token, run);
            if (alternatives is null || sequences.Count * alternatives.Count > MaxSequences)
            {
                return null;
            }

            if (alternatives.Count > 0)
            {
                var before = run.ToString();
                sequences =
                    [.. from sequence in sequences from alternative in alternatives select string.Concat(sequence, before, alternative)];
                run.Clear();
            }
        }

        return run.Length == 0 ? sequences : sequences.ConvertAll(sequence => $"{sequence}{run}");
    }

    private List<string>? ReadGroup(RegexToken token)
    {
        // .NET rejects some names.
        var isNamed = token.Group is RegexGroupKind.Capture && token.End > token.Start + 1;
        if (isNamed || token.Group is not (RegexGroupKind.Capture or RegexGroupKind.NonCapturing))
        {
            return null;
        }

        var alternatives = ReadAlternatives();
        _next++;
        return ReadCounts() switch
        {
            (1, 1) => alternatives,
            (0, 1) when alternatives is not null => [.. alternatives, ""],
            _ => null,
        };
    }

    // Adds the character and its repetitions to the run, or returns alternatives for them.
    private List<string>? ReadCharacter(RegexToken token, StringBuilder run)
    {
        var (min, max) = ReadCounts();
        var isAnchor = token.Kind is RegexTokenKind.Anchor;
        if ((min, max) is not (1, 1) && (isAnchor || min > MaxRepetitions))
        {
            return null;
        }

        char? character = (token.Kind, token.Letter) switch
        {
            (RegexTokenKind.Anchor, '^' or 'A') => Start,
            (RegexTokenKind.Anchor, '$' or 'z' or 'Z') => End,
            _ when IsText(token) => token.Character,
            _ => ReadStep(token, isLoop: false),
        };
        var loop = max == int.MaxValue ? ReadStep(token, isLoop: true) : '\0';
        if (character is null || loop is null)
        {
            return null;
        }

        run.Append(character.Value, min);
        if (max == int.MaxValue)
        {
            run.Append(loop);
        }
        else if (max != min)
        {
            return max > min && max - min < MaxSequences
                ? [.. Enumerable.Range(0, max - min + 1).Select(count => new string(character.Value, count))]
                : null;
        }

        return [];
    }

    private bool IsText(RegexToken token)
    {
        if (token.Character is not { } character || character < ' ')
        {
            return false;
        }

        if (char.IsAscii(character) && !char.IsAsciiLetter(character))
        {
            return true;
        }

        _ignoresCase ??= token.IgnoresCase;
        return _ignoresCase == token.IgnoresCase && RequiredText.CanBeRequired(character, token.IgnoresCase);
    }

    private char? ReadStep(RegexToken token, bool isLoop)
    {
        var set = token.Kind is RegexTokenKind.AnyCharacter ? CharacterSet.Any
            : token.Kind is RegexTokenKind.Class || token.Character is not null ? ReadSet(token)
            : null;
        var step = new SequenceStep(null, set, isLoop);
        var index = _steps.IndexOf(step);
        if (index < 0)
        {
            index = _steps.Count;
            _steps.Add(step);
        }

        return set is null || FirstStep + index >= ' ' ? null : (char)(FirstStep + index);
    }

    private CharacterSet? ReadSet(RegexToken token)
    {
        var key = (
            token.Character is { } character ? Regex.Escape($"{character}") : _item[token.Start..token.End],
            token.IgnoresCase);
        if (!_sets.TryGetValue(key, out var set))
        {
            try
            {
                _sets.Add(key, set = CharacterSet.Create(key.Item1, key.IgnoresCase));
            }
            catch (ArgumentException)
            {
                // Such as [z-a].
                return null;
            }
        }

        return set;
    }

    private (int Min, int Max) ReadCounts()
    {
        var next = _next;
        while (next < _tokens.Count && _tokens[next].Kind is RegexTokenKind.Comment)
        {
            next++;
        }

        if (next == _tokens.Count || _tokens[next].Kind is not RegexTokenKind.Quantifier)
        {
            return (1, 1);
        }

        _next = next + 1;
        return (_tokens[next].Min, _tokens[next].Max);
    }
}
