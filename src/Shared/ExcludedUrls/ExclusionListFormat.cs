using System.Text;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The text form of an exclusion list, as an environment variable, a configuration value or a file holds it.</summary>
/// <remarks>
/// <para>
/// Items are .NET regular expressions, delimited by commas or line breaks. White space around an item is trimmed, except after a backslash,
/// and empty items are ignored. A delimiter is part of an item inside <c>[...]</c> and <c>(...)</c>; so is a comma in a quantifier such as
/// <c>{1,3}</c> or after a backslash. That backslash is removed: <c>/a\,b</c> is the item <c>/a,b</c>. A bracket that is never closed
/// protects nothing.
/// </para>
/// <para>A value that starts with <c>base64:</c> holds the same text as base64 of UTF-8, for carriers that change <c>$</c>, quotes or line
/// breaks.</para>
/// </remarks>
internal static class ExclusionListFormat
{
    private const string Base64Prefix = "base64:";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a list. Never throws.</summary>
    /// <param name="value">The text; <see langword="null"/> is an empty list.</param>
    /// <param name="error">Why a value that starts with <c>base64:</c> can't be decoded, in which case the list is empty; else <see
    /// langword="null"/>.</param>
    public static IReadOnlyList<string> Parse(string? value, out string? error)
    {
        error = null;
        if (string.IsNullOrWhiteSpace(value))
        {
            return [];
        }

        var text = value.AsSpan().Trim();
        if (!text.StartsWith(Base64Prefix, StringComparison.Ordinal))
        {
            return Split(value);
        }

        try
        {
            return Split(StrictUtf8.GetString(Convert.FromBase64String(text[Base64Prefix.Length..].ToString())));
        }
        catch (FormatException)
        {
            error = "What follows 'base64:' is not base64.";
        }
        catch (DecoderFallbackException)
        {
            error = "What follows 'base64:' is base64, but not of UTF-8 text.";
        }

        return [];
    }

    /// <summary>Writes a list so that <see cref="Parse"/> reads the same items from it.</summary>
    /// <remarks>
    /// Valid items that <see cref="Parse"/> has returned are read back unchanged. Others change: white space around an item is removed,
    /// <c>\,</c> becomes <c>,</c>, and an item with a line break outside of brackets is put into <c>(?:...)</c>. An invalid item is read
    /// back unless it opens a bracket that a later item closes. The result is plain text unless the first item starts with <c>base64:</c>.
    /// </remarks>
    public static string Write(IEnumerable<string> items)
    {
        var text = WritePlain(items);
        return text.StartsWith(Base64Prefix, StringComparison.Ordinal) ? Encode(text) : text;
    }

    /// <summary>Writes a list as <see cref="Write"/> does, but in base64, which every carrier leaves unchanged.</summary>
    /// <remarks>Half of a surrogate pair, which UTF-8 can't hold, is read back as U+FFFD.</remarks>
    public static string WriteBase64(IEnumerable<string> items) => Encode(WritePlain(items));

    /// <summary>Removes the white space around an item, except white space after a backslash.</summary>
    public static string Trim(string item)
    {
        var keep = ReadMarks(item, isList: false, out _).FindLast(mark => mark.Kind is MarkKind.EscapedBlank)?.End ?? 0;
        return Trim(new StringBuilder(item), keep);
    }

    /// <summary>
    /// Returns whether only a line break ends an item, because it ends in a <c>(?x)</c> comment or with a backslash.
    /// </summary>
    public static bool EndsAtLineBreakOnly(string item) =>
        RegexTokens.ReadAll(item, out _) is [.., var last]
            && (item[last.Start] == '#' ? last.Kind is RegexTokenKind.Comment : item[last.Start..] == "\\");

    /// <summary>Returns whether a text has control characters other than white space, as binary content does.</summary>
    public static bool HasControlCharacters(string text) => text.Any(c => char.IsControl(c) && !char.IsWhiteSpace(c));

    private static string Encode(string text) => Base64Prefix + Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static List<string> Split(string text)
    {
        var items = new List<string>();
        var item = new StringBuilder();
        var (start, keep) = (0, 0);
        var marks = ReadMarks(text, isList: true, out _);
        marks.Add(new Mark(MarkKind.Delimiter, text.Length, text.Length));
        foreach (var mark in marks)
        {
            switch (mark.Kind)
            {
                case MarkKind.EscapedComma when !IsInQuantifier(text, mark.Start):
                    item.Append(text, start, mark.Start - start);
                    start = mark.Start + 1;
                    break;
                case MarkKind.EscapedBlank:
                    item.Append(text, start, mark.End - start);
                    (start, keep) = (mark.End, item.Length);
                    break;
                case MarkKind.Delimiter:
                    item.Append(text, start, mark.Start - start);
                    if (Trim(item, keep) is { Length: > 0 } trimmed)
                    {
                        items.Add(trimmed);
                    }

                    item.Clear();
                    (start, keep) = (mark.End, 0);
                    break;
            }
        }

        return items;
    }

    private static string WritePlain(IEnumerable<string> items)
    {
        var list = new StringBuilder();
        var separator = "";
        foreach (var item in items.Select(Trim).Where(item => item.Length > 0))
        {
            var written = WriteItem(item);
            list.Append(separator).Append(written);
            separator = EndsAtLineBreakOnly(written) ? "\n" : EndsInQuantifierStart(list) ? ", " : ",";
        }

        return list.ToString();
    }

    private static string WriteItem(string item)
    {
        var delimiters = ReadMarks(item, isList: false, out var isBalanced).FindAll(mark => mark.Kind is MarkKind.Delimiter);
        if (isBalanced && delimiters.Exists(delimiter => item[delimiter.Start] != ','))
        {
            return EndsAtLineBreakOnly(item) ? $"(?:{item}\n)" : $"(?:{item})";
        }

        var written = new StringBuilder(item);
        for (var i = delimiters.Count - 1; i >= 0; i--)
        {
            if (item[delimiters[i].Start] == ',')
            {
                written.Insert(delimiters[i].Start, '\\');
            }
        }

        return written.ToString();
    }

    // Finds what splits a text, and what looks like it. Groups protect what is in them when they are closed.
    private static List<Mark> ReadMarks(string text, bool isList, out bool isBalanced)
    {
        var tokens = new RegexTokens(text);
        var marks = new List<Mark>();
        var marksBeforeGroups = new Stack<int>();
        while (tokens.Read() is { Kind: not RegexTokenKind.End } token)
        {
            if (token.Kind is RegexTokenKind.GroupStart)
            {
                marksBeforeGroups.Push(marks.Count);
            }
            else if (token.Kind is RegexTokenKind.GroupEnd && marksBeforeGroups.TryPop(out var count))
            {
                marks.RemoveRange(count, marks.Count - count);
            }
            else if (ReadMark(text, token) is { } mark)
            {
                marks.Add(mark);
                if (isList && mark.Kind is MarkKind.Delimiter)
                {
                    tokens.StartExpression();
                }
            }
        }

        isBalanced = tokens.IsBalanced;
        return marks;
    }

    private static Mark? ReadMark(string text, RegexToken token) => text.AsSpan(token.Start, token.End - token.Start) switch
    {
        [',' or '\n' or '\r'] => new Mark(MarkKind.Delimiter, token.Start, token.End),
        ['\\', '\n' or '\r'] => new Mark(MarkKind.Delimiter, token.Start + 1, token.End),
        ['\\', ','] => new Mark(MarkKind.EscapedComma, token.Start, token.End),
        ['\\', var blank] when IsBlank(blank) => new Mark(MarkKind.EscapedBlank, token.Start, token.End),
        _ => null,
    };

    // Without its backslash, {1\,3} would be a quantifier.
    private static bool IsInQuantifier(string text, int backslash)
    {
        var end = backslash + 2;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        var start = backslash - 1;
        while (start > 0 && char.IsAsciiDigit(text[start]))
        {
            start--;
        }

        return start >= 0 && start < backslash - 1 && text[start] == '{' && end < text.Length && text[end] == '}';
    }

    // The items "a{1" and "3}" are not the quantifier in "a{1,3}".
    private static bool EndsInQuantifierStart(StringBuilder list)
    {
        var i = list.Length - 1;
        while (i > 0 && char.IsAsciiDigit(list[i]))
        {
            i--;
        }

        return i < list.Length - 1 && list[i] == '{';
    }

    private static string Trim(StringBuilder item, int keep)
    {
        var (start, end) = (0, item.Length);
        while (end > keep && IsBlank(item[end - 1]))
        {
            end--;
        }

        while (start < end && IsBlank(item[start]))
        {
            start++;
        }

        return item.ToString(start, end - start);
    }

    // Python's str.strip removes .NET's white space and the four separators below it.
    private static bool IsBlank(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    private enum MarkKind
    {
        Delimiter,
        EscapedComma,
        EscapedBlank,
    }

    private sealed record Mark(MarkKind Kind, int Start, int End);
}
