using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Which URLs and requests an exclusion matches.</summary>
public sealed class FindExclusionTests
{
    [Theory]
    [InlineData("/client/7/info", "client/.*/info")]
    [InlineData("https://shop.example/client/7/info?x=1", "client/.*/info")]
    [InlineData("https://healthcheck.example/?x=healthcheck", null)]
    [InlineData("http://shop.example:8080/internal", "^http://shop.example:8080/internal$")]
    public async Task FindExclusion_returns_the_item_that_matches_a_URL(string url, string? pattern)
    {
        await using var app = await ConfiguredApp.StartAsync(
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "client/.*/info,healthcheck,^http://shop.example:8080/internal$" });

        Assert.Equal(pattern, app.RouteTracing().FindExclusion(url)?.Pattern);
    }

    [Theory]
    [InlineData("/client/7/info", "client/.*/info by OTEL_DOTNET_EXCLUDED_URLS")]
    [InlineData("/orders?x=client/7/info", "none")]
    public async Task FindExclusion_returns_the_item_that_matches_a_request(string url, string expected)
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app => app.MapGet("/{**path}", (HttpRequest request, IRouteTracing routeTracing) =>
                routeTracing.FindExclusion(request) is { } exclusion ? $"{exclusion.Pattern} by {exclusion.Source}" : "none"),
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "client/.*/info" });

        Assert.Equal(expected, await app.Client.GetStringAsync(url, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("^/health$", false)]
    [InlineData("/health$", true)]
    [InlineData("^http://[^/]+/health$", true)]
    public async Task With_MatchFullUrl_a_path_is_found_as_its_request_is(string item, bool isExcluded)
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.MatchFullUrl = true;
                settings.ExcludedUrls.Add(item);
            }),
            app => app.MapGet("/health", () => "healthy"));

        using var response = await app.GetAsync("/health");

        await app.StopAsync();
        Assert.Equal(isExcluded, app.Spans.Count == 0);
        Assert.Equal(isExcluded, app.RouteTracing().FindExclusion("/health") is not null);
    }

    [Theory]
    [InlineData("/health", "^/health$")]
    [InlineData("/orders", "^http://xn--0/orders$")]
    public async Task A_host_that_is_invalid_Punycode_is_searched_as_it_was_sent(string path, string pattern)
    {
        await using var app = await ConfiguredApp.StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/health$,^http://xn--0/orders$" });
        var request = new DefaultHttpContext().Request;
        (request.Scheme, request.Path, request.Headers.Host) = ("http", path, "xn--0");

        Assert.Equal(pattern, app.RouteTracing().FindExclusion(request)?.Pattern);
    }

    [Theory]
    [InlineData("/a/../health")]
    [InlineData("/a/%2e%2e/health")]
    [InlineData("/%2E/.well-known/../health/.")]
    [InlineData("/../..")]
    public async Task Dot_segments_are_resolved_as_in_a_request(string url)
    {
        string? path = null;
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("/")),
            app => app.Use((HttpContext context, RequestDelegate _) =>
            {
                path = context.Request.Path.Value;
                return Task.CompletedTask;
            }));

        using var response = await app.GetAsync(url);

        Assert.Equal(path, RequestUrl.TryParse(url, out var parsed) ? parsed.Path.ToString() : null);
    }

    [Fact]
    public async Task FindExclusion_rejects_text_that_is_not_a_URL()
    {
        await using var app = await ConfiguredApp.StartAsync([]);

        Assert.Throws<ArgumentException>("url", () => app.RouteTracing().FindExclusion("healthcheck"));
        var rejected = Assert.Throws<ArgumentException>("url", () => app.RouteTracing().FindExclusion("/a%00b"));
        Assert.Contains("contains %00", rejected.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>("url", () => app.RouteTracing().FindExclusion((string)null!));
    }

    [Fact]
    public async Task The_query_is_not_searched_by_default()
    {
        await using var app = await ConfiguredApp.StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/one$,hidden" });

        using var excluded = await app.GetAsync("/one?x=1");
        using var traced = await app.GetAsync("/two?x=hidden");
        await app.StopAsync();

        Assert.Equal("/two", Assert.Single(app.Spans).GetTagItem("url.path"));
    }

    [Fact]
    public async Task MatchFullUrl_searches_the_query()
    {
        await using var app = await ConfiguredApp.StartAsync(
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "x=hidden$", ["Aspire:RouteTracing:MatchFullUrl"] = "true" });

        using var excluded = await app.GetAsync("/two?x=hidden");
        using var traced = await app.GetAsync("/two?x=shown");
        await app.StopAsync();

        Assert.Single(app.Spans);
    }
}
