using System.Text;
using System.Text.RegularExpressions;
using Aspire.RouteTracing.ExcludedUrls;
using CsCheck;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Compares the reader of .NET's regex syntax with .NET.</summary>
public sealed class RegexTokensTests
{
    private static readonly Gen<string> Any = Gen.OneOf(Patterns.Hostile, Patterns.Usual);

    private static readonly Gen<string> Valid = Any.Where(IsValid);

    [Theory]
    [InlineData("a|b.", "Literal:a Alternation:| Literal:b AnyCharacter:.")]
    [InlineData(@"^\A$\b", @"Anchor:^ Anchor:\A Anchor:$ Anchor:\b")]
    [InlineData(@"\.\x2f\u0041\cA\07", @"Escape:\. Escape:\x2f Escape:\u0041 Escape:\cA Escape:\07")]
    [InlineData(@"\d\p{Lu}[a-z-[b]]", @"Class:\d Class:\p{Lu} Class:[a-z-[b]]")]
    [InlineData(@"\12\k<n>\<n>", @"BackReference:\12 BackReference:\k<n> BackReference:\<n>")]
    [InlineData("a+?b{1,}c{d", "Literal:a Quantifier:+? Literal:b Quantifier:{1,} Literal:c Literal:{ Literal:d")]
    [InlineData(
        "(?<n>a)(?:b)(?=c)(?<!d)(?>e)",
        "Capture:(?<n> Literal:a GroupEnd:) NonCapturing:(?: Literal:b GroupEnd:) Lookahead:(?= Literal:c GroupEnd:) Lookbehind:(?<! "
        + "Literal:d GroupEnd:) Atomic:(?> Literal:e GroupEnd:)")]
    [InlineData(
        "(?(1)a)(?<n-m>a)",
        "Conditional:(? Capture:( Literal:1 GroupEnd:) Literal:a GroupEnd:) Balancing:(?<n-m> Literal:a GroupEnd:)")]
    [InlineData("(?i)(?#c)(?x-i: #d\n)", "Options:(?i) Comment:(?#c) NonCapturing:(?x-i: Comment:  Comment:#d Comment:\n GroupEnd:)")]
    [InlineData("[a(?#", "Literal:[ Literal:a Invalid:( Quantifier:? Literal:#")]
    public void An_expression_is_read_as_tokens(string expression, string tokens) =>
        Assert.Equal(tokens, string.Join(' ', RegexTokens.ReadAll(expression, out _).Select(token => Describe(expression, token))));

    [Theory]
    [InlineData("a", 'a')]
    [InlineData(@"\.", '.')]
    [InlineData("[.]", '.')]
    [InlineData(@"\x2f", '/')]
    [InlineData(@"\u0041", 'A')]
    [InlineData(@"\cA", '\u0001')]
    [InlineData(@"\07", '\a')]
    [InlineData(@"\e", '\u001B')]
    [InlineData(@"\€", '€')]
    [InlineData("[^.]", null)]
    [InlineData(@"\d", null)]
    [InlineData(@"\1", null)]
    public void A_token_knows_the_one_character_that_it_matches(string expression, char? character) =>
        Assert.Equal(character, Assert.Single(RegexTokens.ReadAll(expression, out _)).Character);

    [Theory]
    [InlineData(@"\d")]
    [InlineData(@"\D")]
    [InlineData(@"\s")]
    [InlineData(@"\S")]
    [InlineData(@"\w")]
    [InlineData(@"\W")]
    [InlineData(@"\p{L}")]
    [InlineData(@"\P{L}")]
    [InlineData(@"\-")]
    public void A_class_or_an_escaped_hyphen_does_not_start_a_range(string piece)
    {
        // If it did, the second bracket would be a literal.
        var expression = $"[{piece}--[b]]";

        Assert.Equal(RegexTokenKind.Class, Assert.Single(RegexTokens.ReadAll(expression, out _)).Kind);
        Assert.Matches($"^{expression}$", "-");
    }

    [Fact]
    public void Tokens_cover_the_whole_text() =>
        Gen.OneOf(Gen.String, Any).Sample(
            text => Assert.Equal(text, string.Concat(RegexTokens.ReadAll(text, out _).Select(token => text[token.Start..token.End]))),
            iter: 10_000);

    [Fact]
    public void NET_rejects_unbalanced_expressions() =>
        Any.Sample(
            text =>
            {
                RegexTokens.ReadAll(text, out var isBalanced);
                Assert.True(isBalanced || !IsValid(text));
            },
            iter: 50_000);

    [Fact]
    public void A_comment_can_be_between_any_two_tokens() =>
        Gen.Select(Valid, Patterns.Path).Sample(
            (expression, path) =>
            {
                var commented = new StringBuilder();
                foreach (var token in RegexTokens.ReadAll(expression, out _))
                {
                    commented
                        .Append(expression, token.Start, token.End - token.Start)
                        .Append(token.Group is RegexGroupKind.Conditional ? "" : "(?#c)");
                }

                Patterns.AssertSame(expression, commented.ToString(), path);
            },
            iter: 20_000);

    [Fact]
    public void The_one_character_of_a_token_is_the_one_that_NET_matches() =>
        Gen.Select(
            Gen.OneOf(
                Gen.Char[' ', '~'].Select(c => $"\\{c}"), Gen.Char.Select(c => $"\\{c}"), Gen.Char.Select(c => $"[{c}]"), Patterns.Hostile),
            Gen.Char)
            .Where(
                (text, other) => RegexTokens.ReadAll(text, out var isBalanced) is [{ Character: not null }] && isBalanced && IsValid(text))
            .Sample(
                (text, other) =>
                {
                    var character = RegexTokens.ReadAll(text, out _)[0].Character!.Value;
                    Assert.Matches($"^{text}$", character.ToString());
                    Assert.True(other == character || !Regex.IsMatch(other.ToString(), $"^{text}\\z"));
                },
                iter: 2_000);

    [Fact]
    public void An_expression_is_linear_if_NET_can_search_it_without_backtracking() =>
        Gen.OneOf(
                Valid.Where(item => !Regex.IsMatch(item, @"\\[1-9]")),
                Gen.OneOf(
                    "a", "(?=b)", "(?<!b)", "(?>b)", @"\G", @"(c)\1", "(?<n>c)", @"\k<n>", "(c)(?(1)d|e)", "(?<n-n>d)",
                    "(?i:f)").Array[1, 5]
                    .Select(string.Concat)
                    .Where(IsValid))
            .Sample(
                expression => Assert.Equal(
                    IsLinear(expression), Automata.FindObstacle(RegexTokens.ReadAll(expression, out _)) is null),
                iter: 3_000);

    [Theory]
    [InlineData("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12}", true)]
    [InlineData("[^/]{300}", true)]
    [InlineData("[^/]{301}", false)]
    [InlineData("(a[^/]{20}){20}", false)]
    [InlineData("((a{1,999}){1,999}){1,999}", false)]
    [InlineData("((a+)+)+", true)]
    public void Nested_repetitions_multiply(string expression, bool isLinear) =>
        Assert.Equal(isLinear, Automata.FindObstacle(RegexTokens.ReadAll(expression, out _)) is null);

    [Fact]
    public void Text_that_is_required_is_in_every_match() =>
        Gen.Select(Gen.OneOf(Valid, Valid.Select(item => $"(?i){item}")), Patterns.Path.Array[20]).Sample(
            (item, paths) =>
            {
                var required = RequiredText.FindAll(RegexTokens.ReadAll(item, out _));
                Assert.All(
                    paths.Where(path => Patterns.IsMatch(item, path) is true),
                    path => Assert.All(
                        required,
                        text => Assert.True(
                            text.IndexIn(path) >= 0 || Patterns.IsMatch(item, path, RegexOptions.Compiled) is not true)));
            },
            iter: 3_000);

    [Fact]
    public void Text_that_is_required_is_in_every_match_when_case_is_ignored()
    {
        string all = string.Concat(Enumerable.Range(0, char.MaxValue + 1).Select(c => (char)c));
        for (var c = '!'; c < '\u0250'; c++)
        {
            var item = $"ab{Regex.Escape(c.ToString())}";
            var required = RequiredText.FindAll(RegexTokens.ReadAll($"(?i)/{item}", out _));
            foreach (Match match in Regex.Matches(all, $"(?i){Regex.Escape(c.ToString())}", RegexOptions.CultureInvariant))
            {
                Assert.All(required, text => Assert.True(text.IndexIn($"/ab{all[match.Index]}") >= 0, $"{c} {all[match.Index]}"));
            }
        }
    }

    [Theory]
    [InlineData("client/.*/info", "client/", "/info")]
    [InlineData("^/v[0-9]+/ping$", "/ping")]
    [InlineData("(a|b)/healthy*", "/health")]
    [InlineData(@"/orders\.json[?]", "/orders.json?")]
    [InlineData("/metrics(?i)/x/y", "/metrics", "/x/y")]
    [InlineData("(?i)/kiosk", "ios")]
    [InlineData("/health|/alive")]
    [InlineData("[ab]c")]
    public void Runs_of_literals_outside_of_groups_are_required(string item, params string[] texts) =>
        Assert.Equal(texts, RequiredText.FindAll(RegexTokens.ReadAll(item, out _)).Select(required => required.Text));

    private static bool IsValid(string text) => ExclusionPattern.Validate(text, out _);

    private static bool IsLinear(string expression)
    {
        try
        {
            _ = new Regex(expression, RegexOptions.NonBacktracking);
            return true;
        }
        catch (NotSupportedException)
        {
            return false;
        }
    }

    private static string Describe(string expression, RegexToken token) =>
        $"{(token.Kind is RegexTokenKind.GroupStart ? token.Group : token.Kind)}:{expression[token.Start..token.End]}";
}
