using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>An item of an exclusion list, or one of its alternatives.</summary>
/// <param name="index">The item's position in its list.</param>
/// <param name="required">The texts that a URL has to contain.</param>
internal abstract class ExclusionPattern(int index, IReadOnlyList<RequiredText> required)
{
    /// <summary>The maximum length of an item, in characters.</summary>
    public const int MaxItemLength = 1_000;

    /// <summary>The maximum length of a URL for automata and for items that backtrack, in characters.</summary>
    public const int MaxUrlLength = 1_024;

    /// <summary>Gets the item's position in its list.</summary>
    public int Index => index;

    /// <summary>Gets whether the item is disabled, because its searches timed out or failed.</summary>
    public bool IsDisabled { get; protected set; }

    /// <summary>
    /// Gets a text that a URL has to contain, if one is known. Texts that start with a slash are preferred, because other items are likely
    /// to share them, then long ones.
    /// </summary>
    public RequiredText? Required => required.MaxBy(text => text.Text.Length + (text.Text[0] == '/' ? MaxItemLength : 0));

    /// <summary>Gets the <see cref="RequiredText.PairsIn">pairs</see> that a URL has to have.</summary>
    public ulong Pairs => required.Aggregate(0UL, (pairs, text) => pairs | RequiredText.PairsIn(text.Text));

    /// <summary>Returns whether an item is valid: a .NET regular expression of at most <see cref="MaxItemLength"/> characters.</summary>
    /// <param name="item">The item.</param>
    /// <param name="reason">The error, as a sentence.</param>
    public static bool Validate(string item, [NotNullWhen(false)] out string? reason)
    {
        if (item.Length > MaxItemLength)
        {
            reason = $"It has {item.Length} characters, and the limit is {MaxItemLength}.";
            return false;
        }

        try
        {
            _ = new Regex(item, RegexOptions.CultureInvariant);
            reason = null;
            return true;
        }
        catch (ArgumentException exception)
        {
            reason = exception.Message;
            return false;
        }
    }

    /// <summary>Returns whether an item is always searched in the whole URL.</summary>
    public static bool NamesFullUrl(string item) => item.Contains("://", StringComparison.Ordinal);

    /// <summary>Returns whether a URL contains every text that the item requires.</summary>
    protected bool ContainsRequired(ReadOnlySpan<char> url)
    {
        for (var i = 0; i < required.Count; i++)
        {
            if (required[i].IndexIn(url) < 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Returns whether the item matches a URL, which has no line break.</summary>
    public abstract bool IsMatch(ReadOnlySpan<char> url);
}
