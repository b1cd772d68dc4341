using System.Text.RegularExpressions;
using CsCheck;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Random items of exclusion lists, and paths that may match them.</summary>
internal static class Patterns
{
    /// <summary>Random sequences of characters with a meaning in lists or expressions. One in four is a valid expression.</summary>
    public static readonly Gen<string> Hostile = Gen.OneOf(
            ",", "[", "]", "(", ")", "{", "}", "\\", "^", "-", "#", "?", "*", "|", "$", ":", "\n", " ", "1", "a", "x", "c",
            "(?x)", "(?-x)", "(?x:", "(?#", "(?:", "(?<n>", "-[", "\\c", "\\p{L}", "\\x2d", "\\,", "{1,2}", "{1", "2}", " #", "base64:")
        .Array[1, 14]
        .Select(tokens => string.Concat(tokens));

    public static readonly Gen<string> Path = Gen.OneOf("/", "a", "b", "A", "7", "-", ",", ".", "é", "\n", "ab", "/a/")
        .Array[0, 10]
        .Select(tokens => string.Concat(tokens));

    private static readonly Gen<string> Character = Gen.OneOf("/", "a", "b", "A", "7", "-", ",", "é", @"\.", @"\n", "ab");

    private static readonly Gen<string> Quantifier = Gen.Frequency(
        (4, Gen.Const("")),
        (1, Gen.OneOf("*", "+", "?", "{1,2}", "{2}", "+?")));

    /// <summary>Common and unusual regular expressions. Most are valid.</summary>
    public static readonly Gen<string> Usual = Gen.Recursive<string>((depth, inner) =>
    {
        var nested = depth < 2 ? inner : Character;
        var atom = Gen.Frequency(
            (6, Character),
            (1, Gen.OneOf(".", @"\d", @"\w+", @"\b", "[ab]", "[^/]", "[a-b,]", "(?i)", "$", "^")),
            (1, nested.Select(pattern => $"({pattern})")),
            (1, nested.Select(nested, (left, right) => $"(?:{left}|{right})")),
            (1, nested.Select(pattern => $"(?i:{pattern})")),
            (1, nested.Select(pattern => $"(?<n>{pattern})")));
        return Gen.Select(
            Gen.OneOf("", "", "^", "(?x) "),
            Gen.Select(atom, Quantifier, (text, quantifier) => text + quantifier).Array[1, 4],
            Gen.OneOf("", "", "$", " # c, (d"))
            .Select((start, atoms, end) => start + string.Concat(atoms) + end);
    });

    /// <summary>Returns the result of .NET's backtracking engine, or <see langword="null"/> if it times out.</summary>
    public static bool? IsMatch(string item, string text, RegexOptions options = RegexOptions.None)
    {
        try
        {
            return new Regex(item, options | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)).IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
    }

    /// <summary>Asserts that two items give the same result, unless a search times out.</summary>
    public static void AssertSame(string item, string other, string text)
    {
        if (IsMatch(item, text) is { } expected && IsMatch(other, text) is { } actual)
        {
            Assert.Equal(expected, actual);
        }
    }
}
