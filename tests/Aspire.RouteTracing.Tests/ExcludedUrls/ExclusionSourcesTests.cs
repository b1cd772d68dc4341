using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>
/// Where exclusions come from, how they add up, what becomes of bad ones, and how they change while the application runs.
/// </summary>
public sealed class ExclusionSourcesTests
{
    [Fact]
    public async Task All_sources_add_up_and_are_named()
    {
        await using var app = await StartAsync(
            new()
            {
                ["Aspire:RouteTracing:ExcludedUrls:0"] = "from,array",
                ["Aspire:RouteTracing:ExcludedUrls:1"] = " ",
                ["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"] = "specific",
                ["OTEL_DOTNET_EXCLUDED_URLS"] = "client/.*/info, healthcheck,",
            },
            settings => settings.ExcludedUrls.Add("from code"));

        Assert.Equal(
            [
                ("from,array", "Aspire:RouteTracing:ExcludedUrls"),
                ("specific", "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"),
                ("client/.*/info", "OTEL_DOTNET_EXCLUDED_URLS"),
                ("healthcheck", "OTEL_DOTNET_EXCLUDED_URLS"),
                ("from code", "code"),
            ],
            app.ExcludedUrls());
    }

    [Fact]
    public async Task The_section_may_hold_one_comma_delimited_string()
    {
        await using var app = await StartAsync(new() { ["Aspire:RouteTracing:ExcludedUrls"] = "a,b" });

        Assert.Equal(
            [("a", "Aspire:RouteTracing:ExcludedUrls"), ("b", "Aspire:RouteTracing:ExcludedUrls")],
            app.ExcludedUrls());
    }

    [Fact]
    public async Task A_blank_after_a_backslash_is_part_of_an_item_of_the_array()
    {
        await using var app = await StartAsync(new() { ["Aspire:RouteTracing:ExcludedUrls:0"] = @" ^/trail\ " });

        Assert.Equal([(@"^/trail\ ", "Aspire:RouteTracing:ExcludedUrls")], app.ExcludedUrls());
    }

    [Fact]
    public async Task A_pattern_that_two_sources_hold_counts_once_for_the_first()
    {
        await using var app = await StartAsync(
            new() { ["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"] = "health", ["OTEL_DOTNET_EXCLUDED_URLS"] = "health" },
            settings => settings.ExcludedUrls.Add("health"));

        Assert.Equal([("health", "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS")], app.ExcludedUrls());
    }

    [Fact]
    public async Task Code_sees_the_list_so_far_and_may_clear_it()
    {
        string[] seen = [];
        await using var app = await StartAsync(
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "a,b" },
            settings =>
            {
                seen = [.. settings.ExcludedUrls];
                settings.ExcludedUrls.Clear();
            });

        Assert.Equal(["a", "b"], seen);
        Assert.Empty(app.ExcludedUrls());
    }

    [Fact]
    public async Task A_base64_value_is_decoded()
    {
        var value = "base64:" + Convert.ToBase64String("^/a$, ^/b{1,2}$"u8);
        await using var app = await StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = value });

        Assert.Equal(["^/a$", "^/b{1,2}$"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
    }

    [Theory]
    [InlineData("OTEL_DOTNET_EXCLUDED_URLS", "good,(bad,fine", "'(bad', item 2 of OTEL_DOTNET_EXCLUDED_URLS")]
    [InlineData("Aspire:RouteTracing:ExcludedUrls", "good,*.js,fine", "'*.js', item 2 of Aspire:RouteTracing:ExcludedUrls")]
    public async Task A_bad_item_of_the_configuration_is_logged_and_the_others_apply(string key, string list, string message)
    {
        await using var app = await StartAsync(new() { [key] = list });

        Assert.Equal(["good", "fine"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
        var logged = Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error).FormattedMessage;
        Assert.Contains(message, logged, StringComparison.Ordinal);
        Assert.EndsWith(". The other items apply.", logged, StringComparison.Ordinal);
        Assert.DoesNotContain("..", logged, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_base64_value_that_is_none_is_logged_with_its_source()
    {
        await using var app = await StartAsync(
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "base64:***", ["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"] = "good" });

        Assert.Equal(["good"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
        Assert.Contains(
            "OTEL_DOTNET_EXCLUDED_URLS",
            Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error).FormattedMessage,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_item_of_the_code_fails_the_start()
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync([], settings => settings.ExcludedUrls.Add("(bad")));

        Assert.Contains("'(bad'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_item_of_the_code_that_is_null_fails_the_start_with_the_name_of_the_setting()
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync([], settings => settings.ExcludedUrls.Add(null!)));

        Assert.Contains("ExcludedUrls", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blank_item_of_the_code_is_none()
    {
        await using var app = await StartAsync([], settings =>
        {
            settings.ExcludedUrls.Add("");
            settings.ExcludedUrls.Add(" ");
            settings.ExcludedUrls.Add("^/health$");
        });

        Assert.Equal([("^/health$", "code")], app.ExcludedUrls());
    }

    [Fact]
    public async Task An_item_that_needs_backtracking_is_reported_at_the_start_and_works()
    {
        await using var app = await StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/(?!orders)" });

        Assert.Contains(
            "'^/(?!orders)'", Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Warning).FormattedMessage, StringComparison.Ordinal);
        Assert.NotNull(app.RouteTracing().FindExclusion("/health"));
        Assert.Null(app.RouteTracing().FindExclusion("/orders"));
    }

    [Fact]
    public async Task A_change_of_the_configuration_takes_effect_on_the_next_request()
    {
        await using var app = await StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/one$" });

        using var one = await app.GetAsync("/one");
        app.Reload("OTEL_DOTNET_EXCLUDED_URLS", "^/two$");
        using var two = await app.GetAsync("/two");
        using var oneAgain = await app.GetAsync("/one");
        await app.StopAsync();

        Assert.Equal("/one", Assert.Single(app.Spans).GetTagItem("url.path"));
    }

    [Fact]
    public async Task The_settings_delegate_runs_again_and_when_it_throws_the_settings_so_far_stay()
    {
        var fail = false;
        await using var app = await StartAsync(
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/one$" },
            settings =>
            {
                if (fail)
                {
                    throw new InvalidOperationException("broken delegate");
                }
            });

        fail = true;
        app.Reload("OTEL_DOTNET_EXCLUDED_URLS", "^/two$");

        Assert.Equal(["^/one$"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
        Assert.Contains(app.Logs, log => log.LogLevel == LogLevel.Error && log.Exception?.Message == "broken delegate");

        fail = false;
        app.Reload("OTEL_DOTNET_EXCLUDED_URLS", "^/three$");

        Assert.Equal(["^/three$"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
    }

    [Fact]
    public async Task A_delegate_that_throws_on_a_reload_runs_once_and_logs_one_error()
    {
        var (fail, calls) = (false, 0);
        await using var app = await StartAsync([], _ =>
        {
            calls++;
            if (fail)
            {
                throw new InvalidOperationException("broken delegate");
            }
        });

        (fail, calls) = (true, 0);
        app.Reload("OTEL_DOTNET_EXCLUDED_URLS", "^/two$");

        Assert.Equal(1, calls);
        Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_settings_delegate_can_wait_for_a_thread_that_suspends()
    {
        IRouteTracing? routeTracing = null;
        await using var app = await StartAsync([], _ =>
        {
            if (routeTracing is not null)
            {
                Task.Run(() => routeTracing.Suspend().Dispose(), TestContext.Current.CancellationToken)
                    .Wait(TestContext.Current.CancellationToken);
            }
        });
        routeTracing = app.RouteTracing();

        await ReloadAsync(app, "^/two$");

        Assert.Equal("^/two$", Assert.Single(app.ExcludedUrls()).Pattern);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_settings_delegate_can_wait_for_a_thread_that_reloads()
    {
        TracedApp? started = null;
        await using var app = await StartAsync([], _ =>
        {
            if (Interlocked.Exchange(ref started, null) is { } running)
            {
                ReloadAsync(running, "^/nested$").Wait(TestContext.Current.CancellationToken);
            }
        });
        started = app;

        await ReloadAsync(app, "^/outer$");

        Assert.Equal("^/nested$", Assert.Single(app.ExcludedUrls()).Pattern);
    }

    [Fact]
    public async Task An_item_that_code_puts_in_the_place_of_another_is_of_code()
    {
        await using var app = await StartAsync(
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "a,b,c,d" },
            settings =>
            {
                settings.ExcludedUrls.Remove("a");
                settings.ExcludedUrls[1] = "x";
                settings.ExcludedUrls.Insert(0, "y");
            });

        Assert.Equal(
            [("y", "code"), ("b", "OTEL_DOTNET_EXCLUDED_URLS"), ("x", "code"), ("d", "OTEL_DOTNET_EXCLUDED_URLS")],
            app.ExcludedUrls());
    }

    [Fact]
    public async Task A_bad_item_on_reload_does_not_take_the_good_ones_with_it()
    {
        await using var app = await StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/one$" });

        app.Reload("OTEL_DOTNET_EXCLUDED_URLS", "^/two$,(bad");

        Assert.Equal(["^/two$"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
    }

    [Fact]
    public async Task What_was_wrong_before_is_logged_again_only_when_the_lists_have_changed()
    {
        await using var app = await StartAsync(new()
        {
            ["OTEL_DOTNET_EXCLUDED_URLS"] = "(bad",
            ["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"] = "base64:***",
            ["OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST"] = "x-(bad",
        });
        Assert.Equal(3, Errors());

        app.Reload("Aspire:RouteTracing:ExcludeFromMetrics", "false");
        Assert.Equal(3, Errors());

        app.Reload("OTEL_DOTNET_EXCLUDED_URLS", "^/one$,(bad");
        Assert.Equal(["^/one$"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
        Assert.Equal(6, Errors());

        int Errors() => app.Logs.Count(log => log.LogLevel == LogLevel.Error);
    }

    [Fact]
    public async Task Disabled_means_stock_behaviour_and_can_change_while_the_application_runs()
    {
        await using var app = await StartAsync(
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/health$", ["Aspire:RouteTracing:Enabled"] = "false" });

        using var traced = await app.GetAsync("/health");
        app.Reload("Aspire:RouteTracing:Enabled", "true");
        using var excluded = await app.GetAsync("/health");
        await app.StopAsync();

        Assert.Single(app.Spans);
        Assert.Equal(1, app.CountsOf("http.server.request.duration").Values.Sum());
    }

    [Fact]
    public async Task Suspended_means_stock_behaviour_until_the_last_suspension_ends()
    {
        await using var app = await StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/health$" });
        var first = app.RouteTracing().Suspend();
        var second = app.RouteTracing().Suspend();

        Assert.Empty(app.ExcludedUrls());
        using var traced = await app.GetAsync("/health");
        first.Dispose();
        first.Dispose();
        using var tracedToo = await app.GetAsync("/health");
        second.Dispose();
        using var excluded = await app.GetAsync("/health");
        await app.StopAsync();

        Assert.Equal(2, app.Spans.Count);
        Assert.Single(app.ExcludedUrls());
    }

    [Theory]
    [InlineData("/client/7/info", "client/.*/info")]
    [InlineData("https://shop.example/client/7/info?x=1", "client/.*/info")]
    [InlineData("https://healthcheck.example/?x=healthcheck", null)]
    [InlineData("http://shop.example:8080/internal", "^http://shop.example:8080/internal$")]
    public async Task A_URL_can_be_asked_about(string url, string? pattern)
    {
        await using var app = await StartAsync(
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "client/.*/info,healthcheck,^http://shop.example:8080/internal$" });

        Assert.Equal(pattern, app.RouteTracing().FindExclusion(url)?.Pattern);
    }

    [Theory]
    [InlineData("/client/7/info", "client/.*/info by OTEL_DOTNET_EXCLUDED_URLS")]
    [InlineData("/orders?x=client/7/info", "none")]
    public async Task A_request_can_be_asked_about(string url, string expected)
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app => app.MapGet("/{**path}", (HttpRequest request, IRouteTracing routeTracing) =>
                routeTracing.FindExclusion(request) is { } exclusion ? $"{exclusion.Pattern} by {exclusion.Source}" : "none"),
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "client/.*/info" });

        Assert.Equal(expected, await app.Client.GetStringAsync(url, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Something_that_is_no_URL_is_refused()
    {
        await using var app = await StartAsync([]);

        Assert.Throws<ArgumentException>("url", () => app.RouteTracing().FindExclusion("healthcheck"));
        Assert.Throws<ArgumentNullException>("url", () => app.RouteTracing().FindExclusion((string)null!));
    }

    [Fact]
    public async Task The_path_base_is_part_of_the_path_and_the_query_and_the_host_are_not()
    {
        await using var app = await StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/one$,hidden" });

        using var excluded = await app.GetAsync("/one?x=1");
        using var traced = await app.GetAsync("/two?x=hidden");
        await app.StopAsync();

        Assert.Equal("/two", Assert.Single(app.Spans).GetTagItem("url.path"));
    }

    [Fact]
    public async Task The_whole_URL_can_be_searched_instead()
    {
        await using var app = await StartAsync(
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "x=hidden$", ["Aspire:RouteTracing:MatchFullUrl"] = "true" });

        using var excluded = await app.GetAsync("/two?x=hidden");
        using var traced = await app.GetAsync("/two?x=shown");
        await app.StopAsync();

        Assert.Single(app.Spans);
    }

    private static Task ReloadAsync(TracedApp app, string list) => Task.Run(
        () => app.Reload("OTEL_DOTNET_EXCLUDED_URLS", list),
        TestContext.Current.CancellationToken).WaitAsync(TestContext.Current.CancellationToken);

    private static Task<TracedApp> StartAsync(Dictionary<string, string?> configuration, Action<RouteTracingSettings>? configure = null) =>
        TracedApp.StartAsync(
            builder => builder.AddRouteTracing(configure),
            app => app.MapGet("/{**path}", () => "ok"),
            configuration);
}
