using System.Text;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Text that a URL has to contain for an item to match.</summary>
/// <param name="Text">The text; empty where none is known.</param>
/// <param name="IgnoresCase">Whether its case counts.</param>
internal readonly record struct RequiredText(string Text, bool IgnoresCase)
{
    // Shorter ones are in most URLs.
    private const int MinLength = 3;

    // The more texts of a list begin with the same character, the faster a URL is searched for all of them, and most can begin with a slash.
    private const int WorthOfSlash = 8;

    /// <summary>No text, which every URL contains.</summary>
    public static readonly RequiredText None = new("", IgnoresCase: false);

    /// <summary>Gets the comparison by which a URL contains the text.</summary>
    public StringComparison Comparison => IgnoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>Gets whether there is no such text.</summary>
    public bool IsEmpty => Text.Length == 0;

    /// <summary>Returns whether a URL contains the text.</summary>
    public bool IsIn(ReadOnlySpan<char> url) => url.IndexOf(Text, Comparison) >= 0;

    /// <summary>Finds the most telling run of literal characters outside of groups.</summary>
    /// <param name="tokens">A valid expression.</param>
    public static RequiredText Of(List<RegexToken> tokens)
    {
        var (best, depth, ignoresCase) = (None, 0, false);
        var run = new StringBuilder();
        foreach (var token in tokens)
        {
            if (depth == 0 && token.Character is { } character && CanBeRequired(character, token.IgnoresCase))
            {
                if (ignoresCase != token.IgnoresCase)
                {
                    EndRun();
                }

                ignoresCase = token.IgnoresCase;
                run.Append(character);
                continue;
            }

            switch (token.Kind)
            {
                case RegexTokenKind.Comment:
                    continue;
                case RegexTokenKind.Alternation when depth == 0:
                    return None;
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
        return best;

        void EndRun()
        {
            best = Better(best, new RequiredText(run.ToString(), ignoresCase));
            run.Clear();
        }
    }

    /// <summary>Returns the more telling of two texts, neither of which has to be long enough.</summary>
    public static RequiredText Better(RequiredText one, RequiredText other) => Worth(other.Text) > Worth(one.Text) ? other : one;

    private static int Worth(string text) => text.Length < MinLength ? 0 : text.Length + (text is ['/', _, _, _, ..] ? WorthOfSlash : 0);

    // Regular expressions that ignore case equate k with the Kelvin sign, which an ordinal comparison doesn't, and more beyond ASCII.
    private static bool CanBeRequired(char character, bool ignoresCase) => !ignoresCase || (char.IsAscii(character) && character is not ('k' or 'K'));
}
