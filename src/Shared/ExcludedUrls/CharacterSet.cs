using System.Buffers;
using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The characters that one token of a regular expression matches.</summary>
internal sealed class CharacterSet
{
    /// <summary>Every character. <see cref="PatternSet"/> excludes line breaks.</summary>
    public static readonly CharacterSet Any = new(null);

    private readonly Lazy<(SearchValues<char> Values, bool AreExcluded)>? _characters;

    private CharacterSet(Regex? runs) => _characters = runs is null ? null : new(() => Read(runs));

    /// <summary>Reads a class such as <c>[a-z]</c> or <c>\d</c>, or one character.</summary>
    /// <exception cref="ArgumentException">It is not a valid expression.</exception>
    public static CharacterSet Create(string expression, bool ignoresCase) =>
        new(new Regex(
            $"(?:{expression})+",
            RegexOptions.CultureInvariant | (ignoresCase ? RegexOptions.IgnoreCase : RegexOptions.None),
            Regex.InfiniteMatchTimeout));

    /// <summary>Returns how many characters of the set a text starts with.</summary>
    public int CountAtStart(ReadOnlySpan<char> text)
    {
        if (_characters is null)
        {
            return text.Length;
        }

        var (values, areExcluded) = _characters.Value;
        var end = areExcluded ? text.IndexOfAny(values) : text.IndexOfAnyExcept(values);
        return end < 0 ? text.Length : end;
    }

    // Asks .NET about each character, because it knows the categories and which characters differ by case only.
    private static (SearchValues<char> Values, bool AreExcluded) Read(Regex runs)
    {
        var all = new char[char.MaxValue + 1];
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = (char)i;
        }

        var isMember = new bool[all.Length];
        foreach (var run in runs.EnumerateMatches(all))
        {
            isMember.AsSpan(run.Index, run.Length).Fill(true);
        }

        // A search for few values is fast.
        var areExcluded = isMember.AsSpan().Count(true) > all.Length / 2;
        return (SearchValues.Create(Array.FindAll(all, character => isMember[character] != areExcluded)), areExcluded);
    }
}
