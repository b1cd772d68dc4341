using System.Buffers;
using System.Globalization;
using System.Text;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Percent-decodes a path as ASP.NET Core's servers do before the application sees it.</summary>
internal static class PathDecoder
{
    /// <summary>Decodes valid UTF-8, except <c>%2F</c>, which would end a segment.</summary>
    public static string Decode(string path)
    {
        var decoded = new StringBuilder(path.Length);
        Span<byte> bytes = stackalloc byte[4];
        for (var i = 0; i < path.Length;)
        {
            var count = 0;
            while (count < bytes.Length && TryReadByte(path.AsSpan(i + (3 * count)), out bytes[count]))
            {
                count++;
            }

            if (Rune.DecodeFromUtf8(bytes[..count], out var rune, out var consumed) is OperationStatus.Done && rune.Value != '/')
            {
                decoded.Append(rune);
                i += 3 * consumed;
            }
            else
            {
                decoded.Append(path[i]);
                i++;
            }
        }

        return decoded.ToString();
    }

    private static bool TryReadByte(ReadOnlySpan<char> text, out byte value)
    {
        value = 0;
        return text is ['%', _, _, ..]
            && byte.TryParse(text[1..3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
