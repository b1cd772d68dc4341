using Aspire.RouteTracing.Tests.Apps;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>The sources of exclusions, and their invalid items.</summary>
public sealed class ExclusionSourcesTests
{
    [Fact]
    public async Task All_sources_add_up_and_each_item_names_its_source()
    {
        await using var app = await ConfiguredApp.StartAsync(
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
    public async Task The_section_can_be_one_comma_delimited_string()
    {
        await using var app = await ConfiguredApp.StartAsync(new() { ["Aspire:RouteTracing:ExcludedUrls"] = "a,b" });

        Assert.Equal(
            [("a", "Aspire:RouteTracing:ExcludedUrls"), ("b", "Aspire:RouteTracing:ExcludedUrls")],
            app.ExcludedUrls());
    }

    [Fact]
    public async Task The_configuration_can_be_a_section_of_another()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                builder.Services.AddSingleton<IConfiguration>(builder.Configuration.GetSection("Shop"));
            },
            _ => { },
            new() { ["Shop:Aspire:RouteTracing:ExcludedUrls"] = "a,b" });

        Assert.Equal(["a", "b"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
    }

    [Fact]
    public async Task A_space_after_a_backslash_is_part_of_an_array_item()
    {
        await using var app = await ConfiguredApp.StartAsync(new() { ["Aspire:RouteTracing:ExcludedUrls:0"] = @" ^/trail\ " });

        Assert.Equal([(@"^/trail\ ", "Aspire:RouteTracing:ExcludedUrls")], app.ExcludedUrls());
    }

    [Fact]
    public async Task A_pattern_in_two_sources_belongs_to_the_first()
    {
        await using var app = await ConfiguredApp.StartAsync(
            new() { ["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"] = "health", ["OTEL_DOTNET_EXCLUDED_URLS"] = "health" },
            settings => settings.ExcludedUrls.Add("health"));

        Assert.Equal([("health", "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS")], app.ExcludedUrls());
    }

    [Fact]
    public async Task Code_can_read_and_clear_the_configured_items()
    {
        string[] seen = [];
        await using var app = await ConfiguredApp.StartAsync(
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
        await using var app = await ConfiguredApp.StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = value });

        Assert.Equal(["^/a$", "^/b{1,2}$"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
    }

    [Theory]
    [InlineData("OTEL_DOTNET_EXCLUDED_URLS", "good,(bad,fine", "'(bad', item 2 of OTEL_DOTNET_EXCLUDED_URLS")]
    [InlineData("Aspire:RouteTracing:ExcludedUrls", "good,*.js,fine", "'*.js', item 2 of Aspire:RouteTracing:ExcludedUrls")]
    public async Task An_invalid_configured_item_is_logged_and_the_others_apply(string key, string list, string message)
    {
        await using var app = await ConfiguredApp.StartAsync(new() { [key] = list });

        Assert.Equal(["good", "fine"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
        var logged = Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error).FormattedMessage;
        Assert.Contains(message, logged, StringComparison.Ordinal);
        Assert.EndsWith(". The other items still apply.", logged, StringComparison.Ordinal);
        Assert.DoesNotContain("..", logged, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalid_base64_value_is_logged_with_its_source()
    {
        await using var app = await ConfiguredApp.StartAsync(
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "base64:***", ["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"] = "good" });

        Assert.Equal(["good"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
        Assert.Contains(
            "OTEL_DOTNET_EXCLUDED_URLS",
            Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error).FormattedMessage,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalid_item_added_in_code_fails_the_startup()
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(
            () => ConfiguredApp.StartAsync([], settings => settings.ExcludedUrls.Add("(bad")));

        Assert.Contains("'(bad'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_null_item_added_in_code_fails_the_startup()
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(
            () => ConfiguredApp.StartAsync([], settings => settings.ExcludedUrls.Add(null!)));

        Assert.Contains("ExcludedUrls", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_item_added_in_code_is_ignored()
    {
        await using var app = await ConfiguredApp.StartAsync([], settings =>
        {
            settings.ExcludedUrls.Add("");
            settings.ExcludedUrls.Add(" ");
            settings.ExcludedUrls.Add("^/health$");
        });

        Assert.Equal([("^/health$", "code")], app.ExcludedUrls());
    }

    [Fact]
    public async Task An_item_that_needs_backtracking_is_logged_and_applies()
    {
        await using var app = await ConfiguredApp.StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/(?!orders)" });

        Assert.Contains(
            "'^/(?!orders)'", Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Warning).FormattedMessage, StringComparison.Ordinal);
        Assert.NotNull(app.RouteTracing().FindExclusion("/health"));
        Assert.Null(app.RouteTracing().FindExclusion("/orders"));
    }

    [Fact]
    public async Task An_item_that_code_replaces_has_code_as_its_source()
    {
        await using var app = await ConfiguredApp.StartAsync(
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
}
