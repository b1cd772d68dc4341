using System.Diagnostics.CodeAnalysis;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// An item that is plain text, perhaps between <c>^</c> and <c>$</c>, as most are. To compare takes a tenth of the time of a search by
/// regular expression, and there is no automaton to build.
/// </summary>
internal sealed class LiteralPattern
{
    private readonly bool _atStart;
    private readonly bool _atEnd;

    private LiteralPattern(int index, RequiredText text) =>
        (Index, Text, _atStart, _atEnd) = (index, text.Text, text.AtStart, text.AtEnd);

    /// <summary>The item's position in its list.</summary>
    public int Index { get; }

    /// <summary>The text that a URL has to contain.</summary>
    public string Text { get; }

    /// <summary>Whether a URL has to consist of the text.</summary>
    public bool IsWholeUrl => _atStart && _atEnd;

    public static bool TryCreate(int index, string item, [NotNullWhen(true)] out LiteralPattern? pattern)
    {
        var text = RequiredText.Of(item);
        pattern = text.IsWhole ? new LiteralPattern(index, text) : null;
        return pattern is not null;
    }

    public bool IsMatch(ReadOnlySpan<char> url)
    {
        if (!_atEnd)
        {
            return _atStart ? url.StartsWith(Text) : url.IndexOf(Text) >= 0;
        }

        // As in any .NET regular expression, $ is also in front of a line break that ends the text.
        return url.EndsWith(Text) || (url is [.. var line, '\n'] && line.EndsWith(Text));
    }
}
