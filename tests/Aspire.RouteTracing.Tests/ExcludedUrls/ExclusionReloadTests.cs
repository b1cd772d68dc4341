using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>How exclusions change while the application runs.</summary>
public sealed class ExclusionReloadTests
{
    [Fact]
    public async Task A_configuration_change_applies_to_the_next_request()
    {
        await using var app = await ConfiguredApp.StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/one$" });

        using var one = await app.GetAsync("/one");
        app.Reload("OTEL_DOTNET_EXCLUDED_URLS", "^/two$");
        using var two = await app.GetAsync("/two");
        using var oneAgain = await app.GetAsync("/one");
        await app.StopAsync();

        Assert.Equal("/one", Assert.Single(app.Spans).GetTagItem("url.path"));
    }

    [Fact]
    public async Task A_configuration_change_during_the_first_load_applies()
    {
        var isFirst = true;
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(_ =>
            {
                if (isFirst)
                {
                    isFirst = false;
                    builder.Configuration["OTEL_DOTNET_EXCLUDED_URLS"] = "^/two$";
                    ((IConfigurationRoot)builder.Configuration).Reload();
                }
            }),
            app => app.MapGet("/{name}", () => "ok"),
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/one$" });

        using var one = await app.GetAsync("/one");
        using var two = await app.GetAsync("/two");
        await app.StopAsync();

        Assert.Equal("/one", Assert.Single(app.Spans).GetTagItem("url.path"));
    }

    [Fact]
    public async Task The_previous_settings_apply_if_the_settings_delegate_throws()
    {
        var fail = false;
        await using var app = await ConfiguredApp.StartAsync(
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
    public async Task A_source_that_changes_while_a_load_fails_is_loaded()
    {
        var (broken, repaired, isFirst) = (new ManualSource(), new ManualSource(), false);
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<IOptionsChangeTokenSource<RouteTracingSettings>>(broken);
                builder.Services.AddSingleton<IOptionsChangeTokenSource<RouteTracingSettings>>(repaired);
                builder.AddRouteTracing(settings =>
                {
                    if (isFirst)
                    {
                        isFirst = false;
                        repaired.Change();
                        throw new InvalidOperationException("broken delegate");
                    }

                    settings.ExcludedUrls.Add($"^/{repaired.Changes}$");
                });
            },
            _ => { });

        isFirst = true;
        broken.Change();

        Assert.Equal(["^/1$"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
    }

    [Fact]
    public async Task A_settings_delegate_that_throws_on_reload_runs_once()
    {
        var (fail, calls) = (false, 0);
        await using var app = await ConfiguredApp.StartAsync([], _ =>
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

    [Fact]
    public void An_async_settings_delegate_is_rejected()
    {
        var exception = Assert.Throws<ArgumentException>(
            () => WebApplication.CreateBuilder().AddRouteTracing(async _ => await Task.Yield()));

        Assert.Equal("configureSettings", exception.ParamName);
        Assert.Contains("must not be async", exception.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_settings_delegate_can_wait_for_a_thread_that_suspends_route_tracing()
    {
        IRouteTracing? routeTracing = null;
        await using var app = await ConfiguredApp.StartAsync([], _ =>
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
    public async Task A_settings_delegate_can_wait_for_a_thread_that_reloads_the_configuration()
    {
        TracedApp? started = null;
        await using var app = await ConfiguredApp.StartAsync([], _ =>
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
    public async Task An_invalid_item_on_reload_does_not_affect_the_others()
    {
        await using var app = await ConfiguredApp.StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/one$" });

        app.Reload("OTEL_DOTNET_EXCLUDED_URLS", "^/two$,(bad");

        Assert.Equal(["^/two$"], app.ExcludedUrls().Select(exclusion => exclusion.Pattern));
    }

    [Fact]
    public async Task Problems_are_logged_again_only_if_a_list_changed()
    {
        await using var app = await ConfiguredApp.StartAsync(new()
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
        Assert.Equal(5, Errors());

        app.Reload("OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST", "y-(bad");
        Assert.Equal(6, Errors());

        int Errors() => app.Logs.Count(log => log.LogLevel == LogLevel.Error);
    }

    [Fact]
    public async Task Route_tracing_can_be_disabled_and_enabled_at_run_time()
    {
        await using var app = await ConfiguredApp.StartAsync(
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/health$", ["Aspire:RouteTracing:Enabled"] = "false" });

        using var traced = await app.GetAsync("/health");
        app.Reload("Aspire:RouteTracing:Enabled", "true");
        using var excluded = await app.GetAsync("/health");
        await app.StopAsync();

        Assert.Single(app.Spans);
        Assert.Equal(1, app.CountsOf("http.server.request.duration").Values.Sum());
    }

    [Fact]
    public async Task Requests_are_traced_until_the_last_suspension_ends()
    {
        await using var app = await ConfiguredApp.StartAsync(new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/health$" });
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

    private sealed class ManualSource : IOptionsChangeTokenSource<RouteTracingSettings>
    {
        private ConfigurationReloadToken _changed = new();

        public int Changes { get; private set; }

        public string Name => Options.DefaultName;

        public IChangeToken GetChangeToken() => _changed;

        public void Change()
        {
            Changes++;
            Interlocked.Exchange(ref _changed, new ConfigurationReloadToken()).OnReload();
        }
    }

    private static Task ReloadAsync(TracedApp app, string list) => Task.Run(
        () => app.Reload("OTEL_DOTNET_EXCLUDED_URLS", list),
        TestContext.Current.CancellationToken).WaitAsync(TestContext.Current.CancellationToken);
}
