using System.Text.RegularExpressions;
using Aspire.RouteTracing.ExcludedUrls;
using CsCheck;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public sealed class ExclusionMatcherProperties
{
    [Fact]
    public void The_result_equals_that_of_one_regular_expression_per_item() =>
        Gen.Select(Patterns.Usual.Array[1, 8], Patterns.Path.Array[1, 8]).Sample((items, paths) =>
        {
            var matcher = ExclusionMatcher.Build(items, matchFullUrl: false, out _);
            Assert.All(paths, path => AssertFirstMatch(items, path, matcher.Find(new RequestUrl { Path = path })));
        }, iter: 10_000);

    [Fact]
    public void The_result_is_the_same_for_a_path_base_and_for_the_whole_URL() =>
        Gen.Select(Patterns.Usual.Array[1, 4], Patterns.Path, Patterns.Path).Sample((items, pathBase, path) =>
        {
            var url = new RequestUrl { PathBase = pathBase, Path = path };
            AssertFirstMatch(items, pathBase + path, ExclusionMatcher.Build(items, matchFullUrl: false, out _).Find(url));
            AssertFirstMatch(items, pathBase + path, ExclusionMatcher.Build(items, matchFullUrl: true, out _).Find(url));
        }, iter: 10_000);

    [Fact]
    public void The_result_is_the_same_when_a_path_is_searched_again() =>
        Gen.Select(Patterns.Usual.Array[1, 4], Patterns.Path.Array[2], Gen.Int[0, 1].Array[10]).Sample((items, paths, order) =>
        {
            var matcher = ExclusionMatcher.Build(items, matchFullUrl: false, out _);
            Assert.All(order, index => AssertFirstMatch(items, paths[index], matcher.Find(new RequestUrl { Path = paths[index] })));
        }, iter: 10_000);

    // .NET's interpreter is wrong about a few lazy loops: (?:(?:b*)+?a){2} matches one a. So compiled expressions, which take long to
    // create, have to confirm a difference.
    private static void AssertFirstMatch(string[] items, string text, int answer)
    {
        if (FindFirst(items, text, RegexOptions.None) is { } expected
            && expected != answer
            && FindFirst(items, text, RegexOptions.Compiled) is { } confirmed)
        {
            Assert.Equal(confirmed, answer);
        }
    }

    // Null if a search times out.
    private static int? FindFirst(string[] items, string text, RegexOptions options)
    {
        // A path with a line break is never excluded.
        for (var i = 0; i < items.Length && !text.Contains('\n', StringComparison.Ordinal); i++)
        {
            var matches = items[i].Length > 0 && ExclusionPattern.Validate(items[i], out _)
                ? Patterns.IsMatch(items[i], text, options)
                : false;
            if (matches is null or true)
            {
                return matches is null ? null : i;
            }
        }

        return -1;
    }
}
