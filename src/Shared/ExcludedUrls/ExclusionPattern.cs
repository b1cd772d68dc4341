using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>One item of an exclusion list: a .NET regular expression, searched unanchored, by case and not by culture.</summary>
internal sealed class ExclusionPattern
{
    /// <summary>How long one search may take where .NET can't search in linear time.</summary>
    public static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(10);

    private ExclusionPattern(int index, string text, Regex regex)
    {
        (Index, Text, Regex) = (index, text, regex);
        RequiredText = ExcludedUrls.RequiredText.Of(text).Text;
    }

    /// <summary>The item's position in its list.</summary>
    public int Index { get; }

    public string Text { get; }

    /// <summary>Text that a URL has to contain; empty where none is known.</summary>
    public string RequiredText { get; }

    /// <summary>The item for .NET's backtracking engine, with <see cref="MatchTimeout"/>.</summary>
    public Regex Regex { get; }

    /// <summary>Tells whether .NET takes an item as a regular expression.</summary>
    /// <param name="item">The item.</param>
    /// <param name="reason">.NET's message, which names the pattern and the position in it.</param>
    public static bool Validate(string item, [NotNullWhen(false)] out string? reason) => TryCreate(0, item, out _, out reason);

    public static bool TryCreate(
        int index,
        string item,
        [NotNullWhen(true)] out ExclusionPattern? pattern,
        [NotNullWhen(false)] out string? reason)
    {
        try
        {
            pattern = new ExclusionPattern(index, item, new Regex(item, RegexOptions.CultureInvariant, MatchTimeout));
            reason = null;
            return true;
        }
        catch (ArgumentException exception)
        {
            pattern = null;
            reason = exception.Message;
            return false;
        }
    }

    /// <summary>Whether an item is searched in the whole URL even where the list is searched in the path.</summary>
    public static bool NamesFullUrl(string item) => item.Contains("://", StringComparison.Ordinal);

    /// <summary>Whether an item ends inside a <c>(?x)</c> comment, which would take in whatever came after it on the same line.</summary>
    public static bool EndsInComment(string item)
    {
        if (!item.Contains('#', StringComparison.Ordinal))
        {
            return false;
        }

        var closed = item + '\n';
        var scanner = new ExclusionListScanner(closed);
        while (scanner.Read() is not ExclusionListScanner.Stop.End)
        {
        }

        return scanner.LastCommentEnd == closed.Length;
    }
}
