using System.Globalization;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Tests.Configuration;

/// <summary>Lists that nobody would write by hand: the application starts, follows what it can, and says what it leaves out.</summary>
public sealed class HostileConfigurationTests
{
    private const string GeneralVariable = "OTEL_DOTNET_EXCLUDED_URLS";

    [Theory]
    [InlineData("^/item{0}$")]
    [InlineData("^/item{0}[a-z]*$")]
    public async Task Of_100_000_patterns_10_000_apply_and_the_log_says_so(string item)
    {
        var items = Enumerable.Range(1, 100_000).Select(number => string.Format(CultureInfo.InvariantCulture, item, number));
        await using var app = await StartAsync(new() { [GeneralVariable] = string.Join(',', items) });

        using var excluded = await app.GetAsync("/item10000");
        using var traced = await app.GetAsync("/item10001");
        await app.StopAsync();

        Assert.Equal(10_000, app.ExcludedUrls().Count);
        Assert.Equal("/item10001", Assert.Single(app.Spans).GetTagItem("url.path"));
        var message = Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error).FormattedMessage;
        Assert.Contains("item 10001 of OTEL_DOTNET_EXCLUDED_URLS", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Items_of_code_are_not_dropped_by_the_limit()
    {
        var items = Enumerable.Range(1, 10_002).Select(number => $"^/item{number}$");
        await using var app = await StartAsync(new() { [GeneralVariable] = string.Join(',', items) }, "^/code$", "^/item10002$");

        var patterns = app.ExcludedUrls().Select(exclusion => exclusion.Pattern).ToHashSet();
        Assert.Equal(10_000, patterns.Count);
        Assert.Superset(new HashSet<string> { "^/code$", "^/item9998$", "^/item10002$" }, patterns);
        Assert.DoesNotContain("^/item9999$", patterns);
        var message = Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error).FormattedMessage;
        Assert.Contains("'^/item9999$', item 9999 of OTEL_DOTNET_EXCLUDED_URLS", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_item_of_code_behind_the_limit_stops_the_start()
    {
        var items = Enumerable.Range(1, 10_000).Select(number => $"^/item{number}$");

        var exception = await Assert.ThrowsAsync<ArgumentException>(
            () => StartAsync(new() { [GeneralVariable] = string.Join(',', items) }, "(bad"));

        Assert.Contains("'(bad'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_items_of_code_than_the_limit_stop_the_start()
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(
            () => StartAsync([], [.. Enumerable.Range(1, 10_001).Select(number => $"^/item{number}$")]));

        Assert.Contains("10001 items to ExcludedUrls", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(bad", 0)]
    [InlineData("[0-9]{2147483647},", 2)]
    [InlineData("((a{1,999}){1,999}){1,999},", 2)]
    [InlineData("(?=a)|", 0)]
    [InlineData("[a-z0-9]{0,90}", 0)]
    public async Task A_megabyte_of_it_leaves_an_application_that_runs(string piece, int inForce)
    {
        await using var app = await StartAsync(
            new() { [GeneralVariable] = string.Concat(Enumerable.Repeat(piece, 1_000_000 / piece.Length)) + "!" });

        using var response = await app.GetAsync("/orders/" + new string('a', 200));
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Equal(inForce, app.ExcludedUrls().Count);
    }

    [Fact]
    public async Task Of_10_000_header_names_256_apply_and_the_log_says_so()
    {
        const string Variable = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST";
        await using var app = await StartAsync(
            new() { [Variable] = string.Join(',', Enumerable.Range(1, 10_000).Select(number => $"x-{number}-.*")) });

        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("x-256-a", "captured");
        request.Headers.Add("x-257-a", "ignored");
        using var response = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal(
            ["http.request.header.x-256-a"],
            Assert.Single(app.Spans).TagObjects
                .Where(tag => tag.Key.Contains(".header.", StringComparison.Ordinal))
                .Select(tag => tag.Key));
        var message = Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error).FormattedMessage;
        Assert.Contains($"'x-257-.*', item 257 of {Variable}", message, StringComparison.Ordinal);
    }

    private static Task<TracedApp> StartAsync(Dictionary<string, string?> configuration, params string[] patterns) =>
        TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => Array.ForEach(patterns, settings.ExcludedUrls.Add)),
            app => app.MapGet("/{**path}", () => "ok"),
            configuration);
}
