using System.Text.RegularExpressions;
using Aspire.RouteTracing.ExcludedUrls;
using CsCheck;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public class ExclusionMatcherProperties
{
    [Fact]
    public void The_answer_is_that_of_one_plain_regular_expression_an_item() =>
        Gen.Select(Patterns.Regex.Array[1, 8], Patterns.Path.Array[1, 8]).Sample((items, paths) =>
        {
            var matcher = ExclusionMatcher.Build(items, matchFullUrl: false, out _);
            foreach (var path in paths)
            {
                Assert.Equal(FirstMatch(items, path), matcher.Find(new RequestUrl { Path = path }));
            }
        }, iter: 200);

    [Fact]
    public void The_answer_is_the_same_for_a_path_base_and_for_the_whole_URL() =>
        Gen.Select(Patterns.Regex.Array[1, 4], Patterns.Path, Patterns.Path).Sample((items, pathBase, path) =>
        {
            var url = new RequestUrl { PathBase = pathBase, Path = path };
            Assert.Equal(FirstMatch(items, pathBase + path), ExclusionMatcher.Build(items, matchFullUrl: false, out _).Find(url));
            Assert.Equal(FirstMatch(items, pathBase + path), ExclusionMatcher.Build(items, matchFullUrl: true, out _).Find(url));
        }, iter: 200);

    [Fact]
    public void The_answer_stays_the_same_when_a_path_is_asked_for_again() =>
        Gen.Select(Patterns.Regex.Array[1, 4], Patterns.Path.Array[2], Gen.Int[0, 1].Array[10]).Sample((items, paths, order) =>
        {
            var matcher = ExclusionMatcher.Build(items, matchFullUrl: false, out _);
            foreach (var path in order.Select(index => paths[index]))
            {
                Assert.Equal(FirstMatch(items, path), matcher.Find(new RequestUrl { Path = path }));
            }
        }, iter: 200);

    [Fact]
    public void Text_that_is_said_to_be_required_is_in_every_match() =>
        Gen.Select(Gen.OneOf(Patterns.Regex, Patterns.Hostile), Patterns.Path.Array[20]).Sample((item, paths) =>
        {
            var required = RequiredText.Of(item);
            foreach (var path in paths.Where(path => FirstMatch([item], path) == 0))
            {
                Assert.Contains(required.Text, path, StringComparison.Ordinal);
            }
        }, iter: 1_500);

    private static int FirstMatch(string[] items, string text) =>
        Array.FindIndex(items, item =>
            ExclusionPattern.Validate(item, out _) && !string.IsNullOrWhiteSpace(item) && new Regex(item, RegexOptions.CultureInvariant).IsMatch(text));
}
