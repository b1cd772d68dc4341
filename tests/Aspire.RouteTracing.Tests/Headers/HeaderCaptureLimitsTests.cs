using Aspire.RouteTracing.Tests.Apps;
using static Aspire.RouteTracing.Tests.Headers.HeaderApp;

namespace Aspire.RouteTracing.Tests.Headers;

/// <summary>How many headers and values are captured, and which of them come first.</summary>
public sealed class HeaderCaptureLimitsTests
{
    [Fact]
    public async Task At_most_64_values_of_1024_characters_are_captured()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "x-.*" });

        var captured = await CapturedAsync(
            app, [("x-long", new string('a', 5000)), .. Enumerable.Range(0, 80).Select(number => ($"x-{number}", "1"))]);

        Assert.Equal(64, captured.Count);
        Assert.Contains($"http.request.header.x-long={new string('a', 1024)}", captured);
    }

    [Fact]
    public async Task The_first_64_values_of_a_header_are_captured()
    {
        await using var app = await StartAsync(new() { [ResponseVariable] = "x-many" });

        Assert.Equal([$"http.response.header.x-many={string.Join('|', Enumerable.Range(0, 64))}"], await CapturedAsync(app));
    }

    // With backtracking, the test would not end.
    [Fact(Timeout = 60_000)]
    public async Task A_name_that_would_make_an_expression_backtrack_is_matched_in_time()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "(a+)+b" });

        Assert.Equal(
            ["http.request.header.aab=2"],
            await CapturedAsync(app, (new string('a', 8000), "1"), ("aab", "2")).WaitAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Expressions_capture_at_most_256_names_and_log_the_limit_once(bool areUrlsEdited)
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "x-.*,x-named" });

        for (var request = 0; request < 10; request++)
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, "/");
            message.Headers.Add("x-named", "named");
            for (var header = 0; header < 60; header++)
            {
                message.Headers.Add($"x-{request}-{header}", $"{header}");
            }

            using var response = await app.Client.SendAsync(message, TestContext.Current.CancellationToken);
            if (areUrlsEdited)
            {
                app.Reload("OTEL_DOTNET_EXCLUDED_URLS", $"^/edited/{request}$");
            }
        }

        await app.StopAsync();

        Assert.Equal(256 + 1, app.Spans.SelectMany(Captured).Select(attribute => attribute.Split('=')[0]).Distinct().Count());
        Assert.All(app.Spans, span => Assert.Contains("http.request.header.x-named=named", Captured(span)));
        Assert.Contains("'x-4-", Assert.Single(app.Logs, log => log.EventId.Id == 50).FormattedMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x-.*,x-wanted")]
    [InlineData("x-.*,^x-wanted$")]
    public async Task Named_headers_are_captured_before_headers_that_a_wildcard_matches(string list)
    {
        await using var app = await StartAsync(new() { [RequestVariable] = list });

        var captured = await CapturedAsync(
            app, [.. Enumerable.Range(0, 80).Select(number => ($"x-{number}", "junk")), ("x-wanted", "wanted")]);

        Assert.Equal(64, captured.Count);
        Assert.Contains("http.request.header.x-wanted=wanted", captured);
    }

    [Fact]
    public async Task Headers_that_are_not_captured_do_not_use_up_the_limit_of_names()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "x-.*" });

        for (var request = 0; request < 4; request++)
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, "/");
            for (var header = 0; header < 80; header++)
            {
                message.Headers.Add($"x-{request}-{header}", "1");
            }

            using var response = await app.Client.SendAsync(message, TestContext.Current.CancellationToken);
        }

        await app.StopAsync();

        Assert.Equal(4 * 64, app.Spans.SelectMany(Captured).Select(attribute => attribute.Split('=')[0]).Distinct().Count());
        Assert.DoesNotContain(app.Logs, log => log.EventId.Id == 50);
    }

    [Fact]
    public async Task A_header_with_many_values_leaves_room_for_other_named_headers()
    {
        await using var app = await StartAsync(new() { [ResponseVariable] = "x-many,x-version,x-twice" });

        Assert.Equal(
            [
                $"http.response.header.x-many={string.Join('|', Enumerable.Range(0, 62))}",
                "http.response.header.x-twice=a",
                "http.response.header.x-version=1",
            ],
            await CapturedAsync(app));
    }

    [Fact]
    public async Task The_limit_of_256_items_does_not_drop_items_added_in_code()
    {
        await using var app = await StartAsync(
            new() { [RequestVariable] = string.Join(',', Enumerable.Range(1, 300).Select(number => $"x-{number}")) },
            settings => settings.CapturedRequestHeaders.Add("x-code"));

        Assert.Equal(
            ["http.request.header.x-255=1", "http.request.header.x-code=1"],
            await CapturedAsync(app, ("x-255", "1"), ("x-256", "1"), ("x-code", "1")));
    }
}
