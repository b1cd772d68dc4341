using System.Text.RegularExpressions;
using Aspire.RouteTracing.ExcludedUrls;
using CsCheck;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public sealed class SequencePatternTests
{
    private static readonly Gen<string> Piece = Gen.OneOf(
        "/", "a", "b", "/a", "ab", "K", ".", ".*", ".+", "[ab]", "[ab]+", "[ab]*", "[^/]+", "[^/]*", @"\d+", @"\w", "a*", "/+", "b?",
        "[ab]{2}", "a{1,3}", "[^b]{2,}", "[é-ü]", "[^é]{2}", @"\W", "(a|/b)", "(?:a|b.*)?", "([ab]|7)", "(?i:a)", "(?i:[k])",
        "a({|b)2}", @"\0", "(1|2)?", @"\$", "(b|*)", "a(?#c)?", "b(?i)*", "(?#c)", "|");

    private static readonly Gen<string> Item = Gen.Select(
        Gen.OneOf("", "", "^", "(?i)", "(?i)^", "(?x) "),
        Piece.Array[0, 6],
        Gen.OneOf("", "", "$", "|b$"))
        .Select((start, pieces, end) => start + string.Concat(pieces) + end);

    // So few characters that most URLs nearly match.
    private static readonly Gen<string> Url = Gen.OneOf("/", "a", "b", "ab", "A", "7", "k", "K", "\u212A", "é", "2}", "{", "\0", "$")
        .Array[0, 12]
        .Select(pieces => string.Concat(pieces));

    [Fact]
    public void A_sequence_matches_what_its_regular_expression_does() =>
        Gen.Select(Item, Url.Array[20]).Sample(
            (item, urls) =>
            {
                if (Read(item) is { } patterns)
                {
                    var expected = new Regex(item, RegexOptions.CultureInvariant);
                    Assert.All(
                        urls,
                        url => Assert.True(patterns.Any(pattern => pattern.IsMatch(url)) == expected.IsMatch(url), $"{item} {url}"));
                }
            },
            iter: 20_000);

    [Theory]
    [InlineData("/orders/[0-9]+/.*/status$", 1)]
    [InlineData("^/v[0-9]+/[^/]+/ping", 1)]
    [InlineData("^/(health|alive|ready)z?$", 6)]
    [InlineData("(?i)/kiosk/ready", 1)]
    [InlineData("/[0-9a-f]{8}-[0-9a-f]{4}/", 1)]
    [InlineData(@"/\d{1,3}(?#version)/[a-z -[aeiou]]*", 3)]
    public void An_item_without_loops_over_groups_is_made_of_sequences(string item, int count) =>
        Assert.Equal(count, Read(item)?.Count);

    [Theory]
    [InlineData("(/a)+")]
    [InlineData("a$b")]
    [InlineData("a^b")]
    [InlineData(@"\bhealth")]
    [InlineData("/a(?=b)")]
    [InlineData("[z-a]")]
    [InlineData("a{2,1}")]
    [InlineData("a**")]
    [InlineData("(a|b)(a|b)(a|b)(a|b)(a|b)")]
    [InlineData("(?<1a>b)")]
    [InlineData(@"/a\_b")]
    [InlineData(@"/a\yb")]
    [InlineData(@"/caf\é")]
    [InlineData("a{129}")]
    [InlineData("/a(?i)b")]
    [InlineData("/(?i)*")]
    public void Other_items_are_not_read_as_sequences(string item) => Assert.Null(Read(item));

    [Theory]
    [InlineData("^$")]
    [InlineData("^/?$")]
    [InlineData("^/(alive|ready)$")]
    [InlineData("^(/health)?$")]
    public void Items_that_match_whole_URLs_are_looked_up(string item) =>
        Assert.All(Read(item)!, pattern => Assert.NotNull(((SequencePattern)pattern).WholeUrl));

    [Fact]
    public void An_item_with_too_many_steps_is_not_read_as_a_sequence() =>
        Assert.Null(Read(string.Concat(Enumerable.Repeat("a*b*", 65))));

    [Fact]
    public void Case_is_ignored_as_NET_does()
    {
        var all = string.Concat(Enumerable.Range(0, char.MaxValue + 1).Select(c => (char)c));
        for (var c = '!'; c < '\u0180'; c++)
        {
            var pattern = Assert.Single(Read($"(?i)/b{Regex.Escape($"{c}")}")!);
            var equal = new Regex($"(?i){Regex.Escape($"{c}")}", RegexOptions.CultureInvariant);
            var candidates = all.Where(other => ((ReadOnlySpan<char>)[other]).Equals([c], StringComparison.OrdinalIgnoreCase))
                .Concat(equal.Matches(all).Select(match => all[match.Index]));
            Assert.All(candidates, other => Assert.Equal(equal.IsMatch($"{other}"), pattern.IsMatch($"/B{other}")));
        }
    }

    [Theory]
    [InlineData("[^/]", RegexOptions.None)]
    [InlineData(@"\w", RegexOptions.None)]
    [InlineData("[a-k]", RegexOptions.IgnoreCase)]
    [InlineData(@"[\p{Lu}-[A-Y]]", RegexOptions.None)]
    public void A_set_has_the_characters_that_NET_matches(string expression, RegexOptions options)
    {
        var set = CharacterSet.Create(options is RegexOptions.IgnoreCase ? $"(?i){expression}" : expression);
        var regex = new Regex(expression, options | RegexOptions.CultureInvariant);

        Assert.DoesNotContain(
            Enumerable.Range(0, char.MaxValue + 1),
            c => regex.IsMatch([(char)c]) != (set.CountAtStart([(char)c]) == 1)
                || regex.IsMatch([(char)c]) != (set.IndexIn([(char)c]) == 0));
    }

    [Theory]
    [InlineData("[^/]")]
    [InlineData("[a/]")]
    [InlineData("[é/]")]
    [InlineData(@"\W")]
    public void A_set_is_searched_in_text_beyond_ASCII(string expression) =>
        Gen.OneOf('/', 'a', 'a', 'é', 'é', 'К', '\u0301').Array[0, 60].Sample(
            characters =>
            {
                var (set, text) = (CharacterSet.Create(expression), new string(characters));
                Assert.Equal(Regex.Match(text, $@"\A{expression}*").Length, set.CountAtStart(text));
                Assert.Equal(Regex.Match(text, expression) is { Success: true } first ? first.Index : -1, set.IndexIn(text));
            },
            iter: 1_000);

    [Theory]
    [InlineData("/[0-9]{2}-[0-9]/item", "/12-3/ite/45-6/item", true)]
    [InlineData("/[0-9]{2}-[0-9]/item", "/12-3/ite/456/item", false)]
    [InlineData("x.*/..item[0-9]+$", "/12item7", false)]
    [InlineData("x.*/..item[0-9]+$", "x/12item7", true)]
    public void A_text_is_found_behind_the_sets_that_precede_it(string item, string url, bool matches) =>
        Assert.Equal(matches, Assert.Single(Read(item)!).IsMatch(url));

    [Fact]
    public void A_URL_that_matches_has_the_pairs_of_the_texts_that_are_required() =>
        Gen.Select(Item, Url.Array[20]).Sample(
            (item, urls) => Assert.All(
                Read(item) ?? [],
                pattern => Assert.All(
                    urls.Where(url => pattern.IsMatch(url)),
                    url => Assert.Equal(pattern.Pairs, pattern.Pairs & RequiredText.PairsIn(url)))),
            iter: 3_000);

    [Theory]
    [InlineData("/orders", true)]
    [InlineData("(?i)/ORDERS", true)]
    [InlineData("/orders/.*/api", true)]
    [InlineData("/customers", false)]
    [InlineData("/soap", false)]
    [InlineData("/orders/[0-9]+/info", false)]
    public void A_URL_without_the_pairs_of_an_item_is_filtered_out(string item, bool canMatch) =>
        Assert.Equal(canMatch, (Assert.Single(Read(item)!).Pairs & ~RequiredText.PairsIn("/api/orders/12")) == 0);

    [Fact]
    public void A_list_has_sets_for_256_classes()
    {
        string[] items = [.. Enumerable.Range('\u0400', 300).Select(c => $"^/items/[a{(char)c}]$")];
        var reader = new SequenceReader();

        Assert.Equal(256, items.Count(item => Read(item, reader) is not null));
        Assert.NotNull(Read("/[a\u0400]+/", reader));

        var matcher = ExclusionMatcher.Build(items, matchFullUrl: false, out var problems);
        Assert.Empty(problems);
        Assert.All(
            Enumerable.Range(0, items.Length),
            index => Assert.Equal(index, matcher.Find(new RequestUrl { Path = $"/items/{(char)('\u0400' + index)}" })));
    }

    private static IReadOnlyList<ExclusionPattern>? Read(string item, SequenceReader? reader = null) =>
        (reader ?? new SequenceReader()).Read(0, item, out _);
}
