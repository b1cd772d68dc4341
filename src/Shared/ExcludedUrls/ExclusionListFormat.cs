using System.Text;
using Stop = Aspire.RouteTracing.ExcludedUrls.ExclusionListScanner.Stop;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The text form of an exclusion list, as an environment variable or a configuration value holds it.</summary>
/// <remarks>
/// <para>
/// Items are .NET regular expressions with commas between them. Blank space around an item is not part of it (a blank after a backslash
/// is), and what is empty then is no item. A comma does not end an item inside <c>[...]</c> or <c>(...)</c>, in a quantifier such as
/// <c>{1,3}</c>, or after a backslash; that backslash is the list's, so <c>/a\,b</c> is the item <c>/a,b</c>, which as a regular
/// expression means the same. A bracket that is never closed protects no comma.
/// </para>
/// <para>
/// A value that starts with <c>base64:</c> holds the same text as base64 of UTF-8, for carriers that change <c>$</c>, quotes or line breaks.
/// </para>
/// </remarks>
internal static class ExclusionListFormat
{
    private const string Base64Prefix = "base64:";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a list. Never throws.</summary>
    /// <param name="value">The text; <see langword="null"/> is an empty list.</param>
    /// <param name="error">Why a value that starts with <c>base64:</c> can't be decoded, in which case the list is empty; else <see langword="null"/>.</param>
    public static IReadOnlyList<string> Parse(string? value, out string? error)
    {
        error = null;
        var text = value.AsSpan().Trim();
        if (!text.StartsWith(Base64Prefix, StringComparison.Ordinal))
        {
            return Split(value ?? "");
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
    /// That holds for every list of valid regular expressions that are not blank, in the spelling that <see cref="Parse"/> gives: without
    /// blank space around them, and with <c>,</c> where <c>\,</c> outside of brackets means the same. Other spellings come back in that one. An
    /// invalid item comes back too, unless it opens a bracket that a later item closes.
    /// The result is plain text, but for a list whose first item starts with <c>base64:</c>.
    /// </remarks>
    public static string Write(IEnumerable<string> items)
    {
        var text = WritePlain(items);
        return text.StartsWith(Base64Prefix, StringComparison.Ordinal) ? Encode(text) : text;
    }

    /// <summary>Writes what <see cref="Write"/> does as base64, in characters that every carrier leaves alone.</summary>
    /// <remarks>Half of a surrogate pair, which UTF-8 can't hold, comes back as U+FFFD.</remarks>
    public static string WriteBase64(IEnumerable<string> items) => Encode(WritePlain(items));

    private static string Encode(string text) => Base64Prefix + Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static List<string> Split(string text)
    {
        var items = new List<string>();
        var scanner = new ExclusionListScanner(text);
        var item = new StringBuilder();
        var start = 0;
        Stop stop;
        do
        {
            stop = scanner.Read();
            if (stop is Stop.EscapedComma)
            {
                item.Append(text, start, scanner.Position - start);
            }
            else
            {
                item.Append(text, start, TrimEnd(text, start, scanner) - start);
                if (TrimStart(item.ToString()) is { Length: > 0 } trimmed)
                {
                    items.Add(trimmed);
                }

                item.Clear();
                scanner.EndItem();
            }

            start = scanner.Position + 1;
        }
        while (stop is not Stop.End);

        return items;
    }

    private static string WritePlain(IEnumerable<string> items)
    {
        var list = new StringBuilder();
        foreach (var item in items)
        {
            var text = WriteItem(item);
            if (text.Length == 0)
            {
                continue;
            }

            if (list.Length > 0)
            {
                // The items "a{1" and "3}" are not the quantifier that "a{1,3}" has.
                list.Append(EndsInQuantifierStart(list) ? ", " : ",");
            }

            list.Append(text);
        }

        return list.ToString();
    }

    private static string WriteItem(string item)
    {
        item = Trim(item);

        // A line break closes the comment before the comma does. Being blank space after the item, it does not become part of it.
        var text = ExclusionPattern.EndsInComment(item) ? item + '\n' : item;
        var scanner = new ExclusionListScanner(text);
        var written = new StringBuilder();
        var start = 0;
        Stop stop;
        while ((stop = scanner.Read()) is not Stop.End)
        {
            if (stop is Stop.Comma)
            {
                written.Append(text, start, scanner.Position - start).Append('\\');
                start = scanner.Position;
            }
        }

        return written.Append(text, start, text.Length - start).ToString();
    }

    private static bool EndsInQuantifierStart(StringBuilder list)
    {
        var i = list.Length - 1;
        while (i > 0 && char.IsAsciiDigit(list[i]))
        {
            i--;
        }

        return i < list.Length - 1 && list[i] == '{';
    }

    /// <summary>Takes the blank space around an item off, but not a blank after a backslash.</summary>
    public static string Trim(string item)
    {
        var scanner = new ExclusionListScanner(item);
        while (scanner.Read() is not Stop.End)
        {
        }

        return TrimStart(item[..TrimEnd(item, 0, scanner)]);
    }

    private static string TrimStart(string item)
    {
        var start = 0;
        while (start < item.Length && IsBlank(item[start]))
        {
            start++;
        }

        return item[start..];
    }

    private static int TrimEnd(string text, int start, ExclusionListScanner scanner)
    {
        var end = scanner.Position;
        while (end > start && end > scanner.LastEscapeEnd && IsBlank(text[end - 1]))
        {
            end--;
        }

        return end;
    }

    /// <summary>What Python's <c>str.strip</c> removes: .NET's white space and the four separators below it.</summary>
    private static bool IsBlank(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';
}
