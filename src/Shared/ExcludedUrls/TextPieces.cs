namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The pieces of four characters that a URL has, as bits at their hash codes. A URL without one of the pieces of a text doesn't contain the
/// text, which takes a nanosecond to find out, whatever the client sends.
/// </summary>
internal readonly ref struct TextPieces
{
    /// <summary>The number of words of bits.</summary>
    public const int Size = 1 << (HashBits - 6);

    private const int Length = 4;
    private const int HashBits = 12;

    private readonly ReadOnlySpan<ulong> _bits;

    /// <param name="bits">Where to hold them: <see cref="Size"/> words, all zero.</param>
    /// <param name="url">The URL.</param>
    public TextPieces(Span<ulong> bits, ReadOnlySpan<char> url)
    {
        var piece = 0UL;
        for (var i = 0; i < url.Length; i++)
        {
            piece = Append(piece, url[i]);
            if (i >= Length - 1)
            {
                bits[Hash(piece) >> 6] |= 1UL << Hash(piece);
            }
        }

        _bits = bits;
    }

    /// <summary>Gets the pieces of a URL that may have all.</summary>
    public static TextPieces All => default;

    /// <summary>Returns the hash codes of the pieces of texts.</summary>
    public static ushort[] HashAll(IReadOnlyList<RequiredText> texts)
    {
        var hashes = new List<ushort>();
        foreach (var text in texts)
        {
            var piece = 0UL;
            for (var i = 0; i < text.Text.Length; i++)
            {
                piece = Append(piece, text.Text[i]);
                if (i >= Length - 1)
                {
                    hashes.Add((ushort)Hash(piece));
                }
            }
        }

        return [.. hashes];
    }

    /// <summary>Returns whether the URL may have several pieces.</summary>
    public bool Include(ushort[] hashes)
    {
        if (_bits.IsEmpty)
        {
            return true;
        }

        foreach (var hash in hashes)
        {
            if ((_bits[hash >> 6] & (1UL << hash)) == 0)
            {
                return false;
            }
        }

        return true;
    }

    // Letters that differ by case only are the same here, as some texts ignore case.
    private static ulong Append(ulong piece, char next) => (piece << 16) | (uint)(next | 0x20);

    private static int Hash(ulong piece) => (int)((piece * 0x9E37_79B9_7F4A_7C15) >> (64 - HashBits));
}
