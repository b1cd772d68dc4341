using System.Text;
using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Reads items that consist of texts, character classes and loops over one character, as most do. An item with optional characters or
/// alternatives becomes several sequences.
/// </summary>
internal sealed class SequenceReader
{
    private const int MaxSequences = 16;
    private const int MaxSteps = 128;

    // A set takes up to 64 KB, when URLs have characters beyond ASCII.
    private const int MaxSets = 256;

    // A sequence is read into a string. In it, control characters stand for the anchors and, from FirstStep on, for the steps that aren't
    // text. A control character of an item is a step, too.
    private const char Start = '\u0001';
    private const char End = '\u0002';
    private const char FirstStep = '\u0003';

    private static readonly List<string> OnlyEmpty = [""];

    private readonly Dictionary<(string Expression, bool IgnoresCase), CharacterSet> _sets = [];
    private readonly List<RegexToken> _tokens = [];
    private readonly List<SequencePattern.Step> _steps = [];
    private readonly StringBuilder _run = new();
    private string _item = "";
    private int _next;
    private bool? _ignoresCase;

    private RegexTokenKind NextKind => _next < _tokens.Count ? _tokens[_next].Kind : RegexTokenKind.End;

    /// <summary>Returns the patterns that an item stands for, or <see langword="null"/> if it doesn't consist of sequences.</summary>
    /// <param name="index">The item's position in its list.</param>
    /// <param name="item">The item.</param>
    /// <param name="tokens">The item's tokens, with balanced parentheses.</param>
    public IReadOnlyList<ExclusionPattern>? Read(int index, string item, List<RegexToken> tokens)
    {
        (_item, _next, _ignoresCase) = (item, 0, null);
        _run.Clear();
        _steps.Clear();
        _tokens.Clear();
        _tokens.AddRange(tokens);
        _tokens.RemoveAll(token => token.Kind is RegexTokenKind.Comment);
        try
        {
            if (ReadAlternatives() is not { Count: <= MaxSequences } sequences || NextKind is not RegexTokenKind.End)
            {
                return null;
            }

            var patterns = sequences.ConvertAll(sequence => CreatePattern(index, sequence)!);
            return patterns.Contains(null!) ? null : patterns;
        }
        catch (ArgumentException)
        {
            // A class such as [z-a].
            return null;
        }
    }

    private List<string>? ReadAlternatives()
    {
        var sequences = ReadSequence();
        while (sequences is { Count: <= MaxSequences } && NextKind is RegexTokenKind.Alternation)
        {
            _next++;
            sequences = ReadSequence() is { } others ? [.. sequences, .. others] : null;
        }

        return sequences;
    }

    private List<string>? ReadSequence()
    {
        var sequences = OnlyEmpty;
        var start = _run.Length;
        while (NextKind is not (RegexTokenKind.End or RegexTokenKind.Alternation or RegexTokenKind.GroupEnd))
        {
            var token = _tokens[_next++];
            var alternatives = token.Kind is RegexTokenKind.GroupStart ? ReadGroup(token) : ReadCharacter(token);
            if (alternatives is null
                || sequences.Count * alternatives.Count > MaxSequences
                || _run.Length > ExclusionPattern.MaxItemLength)
            {
                return null;
            }

            if (alternatives != OnlyEmpty)
            {
                sequences = Append(sequences, start, alternatives);
            }
        }

        return _run.Length == start ? sequences : Append(sequences, start, OnlyEmpty);
    }

    private List<string> Append(List<string> sequences, int start, List<string> alternatives)
    {
        var run = _run.ToString(start, _run.Length - start);
        _run.Length = start;
        var appended = new List<string>(sequences.Count * alternatives.Count);
        foreach (var sequence in sequences)
        {
            foreach (var alternative in alternatives)
            {
                appended.Add(string.Concat(sequence, run, alternative));
            }
        }

        return appended;
    }

    private List<string>? ReadGroup(RegexToken token)
    {
        // .NET validates the names of groups.
        var isUnnamed = token.Group is RegexGroupKind.Capture && token.End == token.Start + 1;
        if (!isUnnamed && token.Group is not RegexGroupKind.NonCapturing)
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

    // Adds a character and its repetitions to the run, and returns its optional repetitions.
    private List<string>? ReadCharacter(RegexToken token)
    {
        if (token.Kind is RegexTokenKind.Options)
        {
            return OnlyEmpty;
        }

        var (min, max) = ReadCounts();
        var isLoop = max == int.MaxValue;
        char? character = (token.Kind, token.Letter) switch
        {
            (RegexTokenKind.Anchor, '^' or 'A') when (min, max) is (1, 1) => Start,
            (RegexTokenKind.Anchor, '$' or 'z' or 'Z') when (min, max) is (1, 1) => End,
            _ when IsText(token) => token.Character,
            _ => ReadStep(token, isLoop: false),
        };
        var loop = isLoop ? ReadStep(token, isLoop: true) : character;
        if (character is null || loop is null || min > MaxSteps || min > max || (!isLoop && max - min >= MaxSequences))
        {
            return null;
        }

        _run.Append(character.Value, min).Append(loop.Value, isLoop ? 1 : 0);
        return isLoop || min == max
            ? OnlyEmpty
            : [.. Enumerable.Range(0, max - min + 1).Select(count => new string(character.Value, count))];
    }

    // The first letter decides whether the texts of the item ignore case. A letter with other options is a step of its own.
    private bool IsText(RegexToken token) =>
        token.Character is { } character and >= ' '
            && ((char.IsAscii(character) && !char.IsAsciiLetter(character))
                || ((_ignoresCase ??= token.IgnoresCase) == token.IgnoresCase
                    && RequiredText.CanBeRequired(character, token.IgnoresCase)));

    private char? ReadStep(RegexToken token, bool isLoop)
    {
        if (token.Kind is not (RegexTokenKind.AnyCharacter or RegexTokenKind.Class) && token.Character is null)
        {
            return null;
        }

        if ((token.Kind is RegexTokenKind.AnyCharacter ? CharacterSet.Any : ReadSet(token)) is not { } set)
        {
            return null;
        }

        var step = new SequencePattern.Step(null, set, isLoop);
        if (!_steps.Contains(step))
        {
            _steps.Add(step);
        }

        var character = (char)(FirstStep + _steps.IndexOf(step));
        return character < ' ' ? character : null;
    }

    private CharacterSet? ReadSet(RegexToken token)
    {
        var expression = token.Character is { } character ? Regex.Escape($"{character}") : _item[token.Start..token.End];
        var key = (expression, token.IgnoresCase);
        if (!_sets.TryGetValue(key, out var set) && _sets.Count < MaxSets)
        {
            _sets.Add(key, set = CharacterSet.Create(expression, token.IgnoresCase));
        }

        return set;
    }

    private (int Min, int Max) ReadCounts()
    {
        if (NextKind is not RegexTokenKind.Quantifier)
        {
            return (1, 1);
        }

        var quantifier = _tokens[_next++];
        return (quantifier.Min, quantifier.Max);
    }

    private ExclusionPattern? CreatePattern(int index, string sequence)
    {
        var (atStart, atEnd) = (sequence.StartsWith(Start), sequence.EndsWith(End));
        var content = sequence.AsSpan()[(atStart ? 1 : 0)..(atEnd ? ^1 : ^0)];
        if (atStart && atEnd && _ignoresCase is not true && content.IndexOfAnyInRange('\0', '\u001F') < 0)
        {
            return new WholeUrlPattern(index, content.ToString());
        }

        List<SequencePattern.Step> steps = atStart ? [] : [SequencePattern.Step.AnyLoop];
        while (!content.IsEmpty)
        {
            var length = content.IndexOfAnyInRange('\0', '\u001F') is >= 0 and var control ? control : content.Length;
            if (length > 0)
            {
                steps.Add(new(new RequiredText(content[..length].ToString(), _ignoresCase is true), null, IsLoop: false));
            }
            else if (content[0] < FirstStep)
            {
                // An anchor inside the sequence.
                return null;
            }
            else if (_steps[content[0] - FirstStep] is { IsLoop: false } step
                && steps is [.., { IsLoop: false } last]
                && last.Set == step.Set)
            {
                steps[^1] = last with { Count = last.Count + 1 };
            }
            else
            {
                steps.Add(_steps[content[0] - FirstStep]);
            }

            content = content[Math.Max(1, length)..];
        }

        return steps.Count <= MaxSteps ? new SequencePattern(index, [.. steps], atEnd) : null;
    }
}
