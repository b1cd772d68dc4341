using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public sealed class ExclusionMatcherTests
{
    [Theory]
    [InlineData("health", "/api/healthy-food")]
    [InlineData("/health", "/health/ready")]
    [InlineData("^/health$", "/health")]
    [InlineData("^/health", "/healthz")]
    [InlineData("health$", "/api/health")]
    [InlineData(@"^/v1\.0/", "/v1.0/x")]
    [InlineData("client/.*/info", "/client/123/info")]
    [InlineData("(?i)/health", "/HEALTH")]
    public void An_item_is_searched_anywhere_in_the_path(string item, string path) => Assert.Equal(0, Find([item], path));

    [Theory]
    [InlineData("/health", "/Health")]
    [InlineData("^/health$", "/health/")]
    [InlineData("^/health$", "/api/health")]
    [InlineData("^/health", "/api/health")]
    [InlineData("health$", "/healthz")]
    [InlineData(@"^/v1\.0/", "/v1x0/x")]
    [InlineData("client/.*/info", "/client/info")]
    public void A_path_that_an_item_does_not_match_is_not_excluded(string item, string path) => Assert.Equal(-1, Find([item], path));

    [Theory]
    [InlineData("^/health$", "/health\n")]
    [InlineData("^/(health|alive)[s]?$", "/health\n")]
    [InlineData("/health", "/health\n/x")]
    [InlineData("^/(?!api)", "/health\n")]
    [InlineData("^(?m:/health$)", "/health\n")]
    public void A_path_with_a_line_break_is_never_excluded(string item, string path) => Assert.Equal(-1, Find([item], path));

    [Theory]
    [InlineData("/orders/metrics", 0)]
    [InlineData("/v2/cart/metrics/cpu", 1)]
    [InlineData("/stock/metrics", 2)]
    [InlineData("/prices/v1/metrics", 3)]
    [InlineData("/returns/metrics", -1)]
    [InlineData("/stock/metric", -1)]
    [InlineData("/tax/metrics", 4)]
    public void Items_with_the_same_last_segment_are_distinguished(string path, int index) =>
        Assert.Equal(index, Find(["^/orders/metrics", "/cart/metrics", "/stock/metrics$", "^/prices/v[0-9]/metrics", "/tax/"], path));

    [Fact]
    public void The_path_base_is_part_of_the_path()
    {
        var url = new RequestUrl { PathBase = "/shop", Path = "/health" };

        Assert.Equal(0, Build(["^/shop/health$"]).Find(url));
        Assert.Equal(-1, Build(["^/health$"]).Find(url));
    }

    [Theory]
    [InlineData("health")]
    [InlineData("healt[h]")]
    public void Host_and_query_do_not_exclude_a_request(string item) =>
        Assert.Equal(
            -1, Build([item]).Find(new RequestUrl { Scheme = "http", Host = "health", Path = "/orders", Query = "?next=/health" }));

    [Theory]
    [InlineData("^http://localhost:5000/shop/orders/1\\?full=1$")]
    [InlineData("://localhost:5000/shop/o")]
    public void An_item_with_a_scheme_is_searched_in_the_whole_URL(string item) =>
        Assert.Equal(0, Build([item]).Find(
            new RequestUrl { Scheme = "http", Host = "localhost:5000", PathBase = "/shop", Path = "/orders/1", Query = "?full=1" }));

    [Fact]
    public void Every_item_can_be_searched_in_the_whole_URL()
    {
        var matcher = ExclusionMatcher.Build(["next=/health"], matchFullUrl: true, out _);

        Assert.Equal(0, matcher.Find(new RequestUrl { Scheme = "http", Host = "localhost", Path = "/orders", Query = "?next=/health" }));
    }

    [Theory]
    [InlineData("http", "shop.example:80", "http://shop.example/")]
    [InlineData("https", "shop.example:443", "https://shop.example/")]
    [InlineData("https", "shop.example:80", "https://shop.example:80/")]
    [InlineData("http", "[::1]:80", "http://[::1]/")]
    public void The_default_port_is_omitted(string scheme, string host, string url) =>
        Assert.Equal(
            0,
            Build([$"^{url.Replace("[", @"\[", StringComparison.Ordinal)}$"]).Find(
                new RequestUrl { Scheme = scheme, Host = host, Path = "/" }));

    [Fact]
    public void A_URL_of_any_length_is_searched()
    {
        var matcher = Build(["://.*/end$", "^/shop/.*/stop$"]);
        var segments = string.Concat(Enumerable.Repeat("/segment", 1000));

        Assert.Equal(0, matcher.Find(new RequestUrl { Scheme = "http", Host = "localhost", Path = segments + "/end" }));
        Assert.Equal(
            1, matcher.Find(new RequestUrl { Scheme = "http", Host = "localhost", PathBase = "/shop", Path = segments + "/stop" }));
    }

    [Theory]
    [InlineData("/b", "^/a", "://h/a", "a(?!x)")]
    [InlineData("/b", "a(?!x)", "://h/a", "^/a")]
    [InlineData("://h/b", "://h/a", "a(?!x)", "^/a")]
    [InlineData("/b", "[a]", "a(?!x)", "^/a")]
    [InlineData("/orders/[0-9]", "^/a$")]
    public void The_first_item_that_matches_is_returned(params string[] items) =>
        Assert.Equal(1, Build(items).Find(new RequestUrl { Scheme = "http", Host = "h", Path = "/a" }));

    [Fact]
    public void Empty_items_exclude_nothing()
    {
        Assert.True(Build(["", " "]).IsEmpty);
        Assert.Equal(1, Find(["", "/health"], "/health"));
    }

    [Fact]
    public void An_invalid_item_is_ignored_and_reported()
    {
        var matcher = ExclusionMatcher.Build(["/a[b]", "/b(", "/c[d]", "*.js"], matchFullUrl: false, out var problems);

        Assert.Equal(2, matcher.Find(new RequestUrl { Path = "/cd" }));
        Assert.Equal(
            [(1, true), (3, true)],
            problems.Select(problem => (problem.Index, problem.IsIgnored)));
        Assert.Contains("'/b('", problems[0].Reason, StringComparison.Ordinal);
        Assert.Contains("'*.js'", problems[1].Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/health(?=/)")]
    [InlineData("(?<!/v2)/health/")]
    [InlineData(@"/(\w)\w*/\1")]
    [InlineData("/h(?>e+)alth/")]
    public void An_item_that_needs_backtracking_applies_and_is_reported(string item)
    {
        var matcher = ExclusionMatcher.Build(["/a[b]", item, "/c[d]"], matchFullUrl: false, out var problems);

        Assert.Equal(1, matcher.Find(new RequestUrl { Path = "/health/h" }));
        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = "/v2/health" }));
        var problem = Assert.Single(problems);
        Assert.Equal((1, false), (problem.Index, problem.IsIgnored));
        Assert.StartsWith("It has a", problem.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(?i)/health[z]", "/READY")]
    [InlineData("(?x) /health # all of them, (even", "/READY")]
    [InlineData("(?<name>/health)[z]", "/READY")]
    [InlineData("(?n)(/health)[z]", "/READY")]
    [InlineData("/health|", "/anything")]
    public void An_item_does_not_change_the_meaning_of_others(string item, string path)
    {
        var alone = Find([item], path);

        Assert.Equal(alone < 0 ? -1 : 1, Find(["(?<name>/ready)[y]", item, "(?<name>/read)(y)\n"], path));
        Assert.Equal(3, Find([item == "/health|" ? "/no[x]" : item, "/a[a]", "/b[b]", "/c [c]"], "/c c"));
    }

    private static int Find(string[] items, string path) => Build(items).Find(new RequestUrl { Path = path });

    private static ExclusionMatcher Build(string[] items)
    {
        var matcher = ExclusionMatcher.Build(items, matchFullUrl: false, out var problems);
        Assert.DoesNotContain(problems, problem => problem.IsIgnored);
        return matcher;
    }
}
