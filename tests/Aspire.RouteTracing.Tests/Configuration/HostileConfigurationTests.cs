using System.Globalization;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Tests.Configuration;

/// <summary>With huge lists, the application starts, applies the items up to the limits, and logs the rest.</summary>
public sealed class HostileConfigurationTests
{
    private const string GeneralVariable = "OTEL_DOTNET_EXCLUDED_URLS";

    [Theory]
    [InlineData("^/item{0}$")]
    [InlineData("^/item{0}[a-z]*$")]
    public async Task At_most_10_000_configured_patterns_apply_and_the_rest_is_logged(string item)
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
    public async Task The_limit_does_not_drop_items_added_in_code()
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
    public async Task An_invalid_code_item_beyond_the_limit_fails_the_startup()
    {
        var items = Enumerable.Range(1, 10_000).Select(number => $"^/item{number}$");

        var exception = await Assert.ThrowsAsync<ArgumentException>(
            () => StartAsync(new() { [GeneralVariable] = string.Join(',', items) }, "(bad"));

        Assert.Contains("'(bad'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_code_items_than_the_limit_fail_the_startup()
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
    public async Task An_application_starts_with_a_megabyte_of_configuration(string piece, int inForce)
    {
        await using var app = await StartAsync(
            new() { [GeneralVariable] = string.Concat(Enumerable.Repeat(piece, 1_000_000 / piece.Length)) + "!" });

        using var response = await app.GetAsync("/orders/" + new string('a', 200));
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Equal(inForce, app.ExcludedUrls().Count);
    }

    [Fact]
    public async Task At_most_256_configured_header_names_apply_and_the_rest_is_logged()
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
