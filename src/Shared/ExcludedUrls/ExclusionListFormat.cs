using System.Text;
using System.Text.RegularExpressions;

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

    // Without its backslash, the comma of {1\,3} would be part of a quantifier.
    private static readonly Regex CommaInQuantifier = new(@"\G(?<=\{[0-9]+)\\,(?=[0-9]*\})", default, Regex.InfiniteMatchTimeout);

    // The items "a{1" and "3}" are not the quantifier in "a{1,3}".
    private static readonly Regex QuantifierStart = new(@"\{[0-9]+\z", default, Regex.InfiniteMatchTimeout);

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
        var (start, end) = (0, item.Length);
        while (start < end && IsBlank(item[start]))
        {
            start++;
        }

        while (start < end && IsBlank(item[end - 1]))
        {
            end--;
        }

        var trimmed = item[start..end];
        return trimmed.EndsWith('\\') && end < item.Length && item[end] is not ('\n' or '\r') && EndsInEscape(trimmed + item[end])
            ? trimmed + item[end]
            : trimmed;
    }

    /// <summary>
    /// Returns whether only a line break ends an item, because it ends in a <c>(?x)</c> comment or with a backslash.
    /// </summary>
    public static bool EndsAtLineBreakOnly(string item) =>
        RegexTokens.ReadAll(item, out _) is [.., var last]
            && (item[last.Start] == '#' ? last.Kind is RegexTokenKind.Comment : item[last.Start..] == "\\");

    /// <summary>Returns whether a text has control characters other than white space, as binary content does.</summary>
    public static bool HasControlCharacters(string text) => text.Any(c => char.IsControl(c) && !char.IsWhiteSpace(c));

    // The backslash can also belong to another token, such as \c\ or a comment.
    private static bool EndsInEscape(string item) => RegexTokens.ReadAll(item, out _)[^1].Start == item.Length - 2;

    private static string Encode(string text) => Base64Prefix + Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static List<string> Split(string text)
    {
        var items = new List<string>();
        var item = new StringBuilder();
        var start = 0;
        foreach (var token in ReadSeparators(text, isList: true, out _))
        {
            if (IsDelimiter(text, token))
            {
                AddItem(token.End - 1);
                start = token.End;
            }
            else if (!CommaInQuantifier.IsMatch(text, token.Start))
            {
                item.Append(text, start, token.Start - start);
                start = token.Start + 1;
            }
        }

        AddItem(text.Length);
        return items;

        void AddItem(int end)
        {
            var trimmed = Trim(item.Append(text, start, end - start).ToString());
            if (trimmed.Length > 0)
            {
                items.Add(trimmed);
            }

            item.Clear();
        }
    }

    private static string WritePlain(IEnumerable<string> items)
    {
        var list = new StringBuilder();
        var separator = "";
        foreach (var item in items.Select(Trim).Where(item => item.Length > 0))
        {
            var written = WriteItem(item);
            list.Append(separator).Append(written);
            separator = EndsAtLineBreakOnly(written) ? "\n" : QuantifierStart.IsMatch(written) ? ", " : ",";
        }

        return list.ToString();
    }

    private static string WriteItem(string item)
    {
        var separators = ReadSeparators(item, isList: false, out var isBalanced);
        if (isBalanced && separators.Exists(separator => item[separator.End - 1] != ','))
        {
            return EndsAtLineBreakOnly(item) ? $"(?:{item}\n)" : $"(?:{item})";
        }

        var written = new StringBuilder(item);
        foreach (var comma in separators.Where(separator => item[separator.Start] == ',').Reverse())
        {
            written.Insert(comma.Start, '\\');
        }

        return written.ToString();
    }

    // Finds the commas and line breaks, with the backslashes before them. Groups protect what is in them when they are closed.
    private static List<RegexToken> ReadSeparators(string text, bool isList, out bool isBalanced)
    {
        var tokens = new RegexTokens(text);
        var separators = new List<RegexToken>();
        var countsBeforeGroups = new Stack<int>();
        while (tokens.Read() is { Kind: not RegexTokenKind.End } token)
        {
            if (token.Kind is RegexTokenKind.GroupStart)
            {
                countsBeforeGroups.Push(separators.Count);
            }
            else if (token.Kind is RegexTokenKind.GroupEnd && countsBeforeGroups.TryPop(out var count))
            {
                separators.RemoveRange(count, separators.Count - count);
            }
            else if (text.AsSpan(token.Start, token.End - token.Start) is [',' or '\n' or '\r'] or ['\\', ',' or '\n' or '\r'])
            {
                separators.Add(token);
                if (isList && IsDelimiter(text, token))
                {
                    tokens.StartExpression();
                }
            }
        }

        isBalanced = tokens.IsBalanced;
        return separators;
    }

    // A backslash doesn't protect a line break.
    private static bool IsDelimiter(string text, RegexToken separator) => text[separator.Start] == ',' || text[separator.End - 1] != ',';

    // Python's str.strip removes .NET's white space and the four separators below it.
    private static bool IsBlank(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';
}
