using System.Buffers;
using System.Text;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Text that a URL has to contain for an item to match.</summary>
/// <param name="text">The text.</param>
/// <param name="ignoresCase">Whether its case is ignored.</param>
internal sealed class RequiredText(string text, bool ignoresCase = false)
{
    /// <summary>The minimum length. Shorter texts are in most URLs.</summary>
    public const int MinLength = 3;

    private const int MinSharing = 3;

    private readonly StringComparison _comparison = ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    // Faster than IndexOf in URLs with many similar texts. Created lazily, because most texts are never searched for alone.
    private SearchValues<string>? _search;

    /// <summary>Gets the text.</summary>
    public string Text => text;

    /// <summary>Gets whether its case is ignored.</summary>
    public bool IgnoresCase => ignoresCase;

    /// <summary>Finds the literal texts outside of groups that have at least <see cref="MinLength"/> characters.</summary>
    /// <param name="tokens">A valid expression.</param>
    public static List<RequiredText> FindAll(List<RegexToken> tokens)
    {
        var (found, depth, ignoresCase) = (new List<RequiredText>(), 0, false);
        var run = new StringBuilder();
        foreach (var token in tokens)
        {
            if (depth == 0 && token.Character is { } character && CanBeRequired(character, token.IgnoresCase))
            {
                // A run has one value, because every token that changes the options ends the run.
                ignoresCase = token.IgnoresCase;
                run.Append(character);
                continue;
            }

            switch (token.Kind)
            {
                case RegexTokenKind.Comment:
                    continue;
                case RegexTokenKind.Alternation when depth == 0:
                    return [];
                case RegexTokenKind.GroupStart:
                    depth++;
                    break;
                case RegexTokenKind.GroupEnd:
                    depth--;
                    break;
                case RegexTokenKind.Quantifier when token.Min == 0 && run.Length > 0:
                    run.Length--;
                    break;
            }

            EndRun();
        }

        EndRun();
        return found;

        void EndRun()
        {
            if (run.Length >= MinLength)
            {
                found.Add(new RequiredText(run.ToString(), ignoresCase));
            }

            run.Clear();
        }
    }

    /// <summary>Returns the search for any of several texts, or <see langword="null"/> if one of them is not known.</summary>
    /// <remarks>
    /// A search for few texts is fast. If several texts end with the same segment, such as /metrics, the segment replaces them.
    /// </remarks>
    public static SearchValues<string>? SearchAny(RequiredText?[] texts)
    {
        var shared = texts.GroupBy(text => LastSegment(text?.Text ?? ""))
            .SelectMany(group => group.Count() < MinSharing ? group.Select(text => text!.Text) : [group.Key]);
        var ignoresCase = Array.Exists(texts, text => text?.IgnoresCase is true);
        return texts.Contains(null)
            ? null
            : SearchValues.Create([.. shared], ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
    }

    /// <summary>Returns a set of bits, one for each pair of adjacent characters. Different pairs can have the same bit.</summary>
    /// <remarks>A URL that lacks one of a text's bits doesn't contain the text.</remarks>
    public static ulong PairsIn(ReadOnlySpan<char> text)
    {
        var pairs = 0UL;
        for (var i = 1; i < text.Length; i++)
        {
            // Ignores case, because some texts do.
            var pair = ((text[i - 1] | 0x20u) << 16) | text[i] | 0x20u;
            pairs |= 1UL << (int)((pair * 0x9E37_79B1) >> 26);
        }

        return pairs;
    }

    /// <summary>Returns where a URL first contains the text, or -1.</summary>
    public int IndexIn(ReadOnlySpan<char> url) => url.IndexOfAny(_search ??= SearchValues.Create([text], _comparison));

    /// <summary>Returns whether a URL starts with the text.</summary>
    public bool IsAtStartOf(ReadOnlySpan<char> url) => url.StartsWith(text, _comparison);

    /// <summary>Returns whether a URL ends with the text.</summary>
    public bool IsAtEndOf(ReadOnlySpan<char> url) => url.EndsWith(text, _comparison);

    /// <summary>Returns whether an ordinal comparison of a character gives the result of a regular expression.</summary>
    /// <remarks>
    /// A regular expression that ignores case matches k with the Kelvin sign, and more beyond ASCII. An ordinal comparison doesn't.
    /// </remarks>
    public static bool CanBeRequired(char character, bool ignoresCase) =>
        !ignoresCase || (char.IsAscii(character) && character is not ('k' or 'K'));

    private static string LastSegment(string text) =>
        text.LastIndexOf('/') is >= 0 and var start && text.Length - start > MinLength ? text[start..] : text;
}
