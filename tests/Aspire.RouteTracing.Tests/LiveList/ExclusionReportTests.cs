using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Aspire.RouteTracing.LiveList;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.LiveList;

/// <summary>The report of a service about its exclusion list: a log message, and a status file if the AppHost names a folder.</summary>
public sealed partial class ExclusionReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("status").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Excluded_routes_and_items_without_a_route_are_logged()
    {
        await using var app = await StartAsync(["^/health$", @"^/orders/\d+$", "^/favicon", "^http://example\\.com/"]);
        await app.StopAsync();

        Assert.Equal(
            "Excluded URLs: 4 in force. Excluded routes: 2 of 3 (GET /health, GET /orders/{id:int}). "
                + "Items that match no sample URL of a route: ^/favicon.",
            Assert.Single(Reports(app)));
    }

    [Fact]
    public async Task Routes_are_searched_behind_the_path_base_of_the_application()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.ExcludedUrls.Add("^/shop/health$");
                settings.ExcludedUrls.Add("^/admin");
            }),
            app =>
            {
                app.UsePathBase("/shop");
                app.Map("/admin", branch => branch.UseRouting());
                app.UseRouting();
                app.MapGet("/health", () => "healthy");
                app.MapGet("/orders", () => "");
            });
        using var response = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(
            "Excluded URLs: 2 in force. Excluded routes: 1 of 2 (GET /health). Items that match no sample URL of a route: ^/admin.",
            Assert.Single(Reports(app)));
    }

    [Fact]
    public async Task The_routes_of_a_branch_are_searched_behind_its_path()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.ExcludedUrls.Add("^/b/x/");
                settings.ExcludedUrls.Add("^/x/");
            }),
            app =>
            {
                app.Map("/b", branch => branch.UseRouting().UseEndpoints(endpoints => endpoints.MapGet("/x/{id}", () => "")));
                app.UseRouting();
                app.MapGet("/orders", () => "");
            });
        using var orders = await app.GetAsync("/orders");
        using var branch = await app.GetAsync("/b/x/1");
        await app.StopAsync();

        Assert.Equal(
            "Excluded URLs: 2 in force. Excluded routes: 1 of 2 (GET /b/x/{id}). Items that match no sample URL of a route: ^/x/.",
            Reports(app).Last());
    }

    [Fact]
    public async Task Tables_that_are_built_at_the_same_time_keep_their_routes()
    {
        using var policy = new PausingPolicy("/a/pause");
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<MatcherPolicy>(policy);
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/(a|b)/"));
            },
            app =>
            {
                app.Map("/a", branch => branch.UseRouting().UseEndpoints(endpoints =>
                {
                    endpoints.MapGet("/first", () => "").WithDisplayName("/a/first");
                    endpoints.MapGet("/pause", () => "").WithDisplayName("/a/pause");
                }));
                app.Map("/b", branch => branch.UseRouting().UseEndpoints(endpoints => endpoints.MapGet("/x", () => "")));
            });

        var first = app.GetAsync("/a/first");
        await policy.Paused.WithinAMinute();
        using var other = await app.GetAsync("/b/x");
        policy.Continue();
        using var response = await first;
        await app.StopAsync();

        var report = Reports(app).Last();
        Assert.Equal(["/a/first", "/a/pause", "/b/x"], FoundRoute().Matches(report).Select(route => route.Groups[1].Value).Order());
    }

    [Theory]
    [InlineData("/b/x", "/base/b/x")]
    [InlineData("/base/b/x", "/b/x")]
    public async Task The_first_request_of_a_branch_under_a_path_base_does_not_matter(string first, string second)
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.ExcludedUrls.Add("^/b/x$");
                settings.ExcludedUrls.Add("^/base/b/x$");
            }),
            app =>
            {
                app.UsePathBase("/base");
                app.Map("/b", branch => branch.UseRouting().UseEndpoints(endpoints => endpoints.MapGet("/x", () => "")));
            });
        using var response = await app.GetAsync(first);
        using var other = await app.GetAsync(second);
        await app.StopAsync();

        Assert.Equal("Excluded URLs: 2 in force. Excluded routes: 1 of 1 (GET /b/x).", Reports(app).Last());
    }

    [Fact]
    public async Task An_application_without_routing_reports_its_list()
    {
        var lines = new List<LogRecord>();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.AddOpenTelemetry(options =>
        {
            options.IncludeFormattedMessage = true;
            options.AddInMemoryExporter(lines);
        });
        builder.Services.AddOpenTelemetry().WithTracing();
        builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/favicon$"));
        await using var app = builder.Build();
        app.Run(_ => Task.CompletedTask);

        await app.StartAsync(TestContext.Current.CancellationToken);
        await app.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            "Excluded URLs: 1 in force. Excluded routes: 0 of 0 (none). Items that match no sample URL of a route: ^/favicon$.",
            Assert.Single(lines, line => line.CategoryName == typeof(ExclusionReport).FullName).FormattedMessage);
    }

    [Fact]
    public async Task A_web_host_reports_its_list()
    {
        var lines = new List<LogRecord>();
#pragma warning disable ASPDEPR004, ASPDEPR008 // Applications of before .NET 6 still use it.
        using var host = new WebHostBuilder()
#pragma warning restore ASPDEPR004, ASPDEPR008
            .UseKestrel()
            .UseUrls("http://127.0.0.1:0")
            .ConfigureAppConfiguration(
                configuration => configuration.AddInMemoryCollection([new(ConfigurationKeys.StatusFolder, _folder)]))
            .ConfigureServices(services =>
            {
                services.AddRouting();
                services.AddLogging(logging => logging.AddOpenTelemetry(options =>
                {
                    options.IncludeFormattedMessage = true;
                    options.AddInMemoryExporter(lines);
                }));
                services.AddOpenTelemetry().WithTracing(
                    tracing => tracing.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")));
            })
            .Configure(app => app.UseRouting().UseEndpoints(endpoints => endpoints.MapGet("/health", () => "healthy")))
            .Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await WaitForStatusAsync(status => status.Items.Count == 1);
        using var client = new HttpClient { BaseAddress = new Uri(host.ServerFeatures.Get<IServerAddressesFeature>()!.Addresses.First()) };
        Assert.Equal("healthy", await client.GetStringAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken));

        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Empty(Directory.GetFiles(_folder));
        Assert.Equal(
            ["Excluded URLs: 1 in force. Excluded routes: 1 of 1 (GET /health)."],
            lines.Where(line => line.EventId.Id is 60).Select(line => line.FormattedMessage));
    }

    [Fact]
    public async Task Ten_routes_are_named_in_the_log()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/page")),
            app => Enumerable.Range(1, 12).ToList().ForEach(page => app.MapGet($"/page{page:00}", () => "")));
        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.EndsWith(
            "Excluded routes: 12 of 12 (" + string.Join(", ", Enumerable.Range(1, 10).Select(page => $"GET /page{page:00}"))
                + " and 2 more).",
            Assert.Single(Reports(app)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_report_does_not_create_endpoints_a_second_time()
    {
        var created = new List<string?>();
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app =>
            {
                var group = app.MapGroup("");
                ((IEndpointConventionBuilder)group).Add(endpoint => created.Add(endpoint.DisplayName));
                group.MapGet("/health", () => "healthy");
                group.MapGet("/orders", () => "");
            },
            new() { [ConfigurationKeys.StatusFolder] = _folder });
        using var response = await app.GetAsync("/orders");
        await WaitForStatusAsync(status => status.RouteCount == 2);
        app.Reload("Aspire:RouteTracing:ExcludedUrls", "^/orders$");
        await WaitForStatusAsync(status => status.ExcludedRoutes.Count == 2);

        Assert.Equal(["HTTP: GET /health", "HTTP: GET /orders"], created);
    }

    [Fact]
    public async Task Before_the_first_request_the_status_has_no_routes()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app => app.MapGet("/health", () => "healthy"),
            new() { [ConfigurationKeys.StatusFolder] = _folder });

        Assert.Equal(0, (await WaitForStatusAsync(_ => true)).RouteCount);
        await app.StopAsync();
        Assert.Empty(Reports(app));
    }

    [Fact]
    public async Task A_worker_reports_its_list_and_logs_nothing()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration[ConfigurationKeys.StatusFolder] = _folder;
        var logs = new List<LogRecord>();
        builder.Logging.AddOpenTelemetry(logging => logging.AddInMemoryExporter(logs));
        builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$"));
        using var worker = builder.Build();
        await worker.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["^/health$"], (await WaitForStatusAsync(_ => true)).Items.Select(item => item.Pattern));
        await worker.StopAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(logs, log => log.CategoryName == typeof(ExclusionReport).FullName);
    }

    [Fact]
    public async Task The_status_has_whether_the_whole_URL_is_searched()
    {
        await using var app = await StartAsync(["^/health$"], new() { ["Aspire:RouteTracing:MatchFullUrl"] = "true" });

        Assert.True((await WaitForStatusAsync(_ => true)).MatchFullUrl);
    }

    [Fact]
    public async Task An_item_that_times_out_is_removed_from_the_list_until_a_reload()
    {
        const string slow = "^(?=/)/slow/.*/(a+)+$";
        await using var app = await StartAsync([slow, "^/health$"]);
        Assert.Empty((await WaitForStatusAsync(status => status.Items.Count == 2)).Problems);

        for (var request = 0; request < 3; request++)
        {
            using var response = await app.GetAsync($"/slow/{request}/{new string('a', 40)}!");
        }

        var status = await WaitForStatusAsync(status => status.Items.Count == 1);
        Assert.Equal([new ServiceStatus.Problem(new(slow, "code"), "It timed out or failed, and is disabled.")], status.Problems);
        Assert.Equal([("^/health$", "code")], app.ExcludedUrls());
        var log = Assert.Single(app.Logs, log => log.EventId.Id == 4);
        Assert.Equal(LogLevel.Error, log.LogLevel);

        app.Reload("Aspire:RouteTracing:KeepFailedRequests", "true");
        Assert.Equal([(slow, "code"), ("^/health$", "code")], app.ExcludedUrls());
        Assert.Equal(2, (await WaitForStatusAsync(status => status.Items.Count == 2)).Items.Count);
    }

    [Fact]
    public async Task An_item_that_an_earlier_item_hides_still_matches_its_route()
    {
        await using var app = await StartAsync(["^/health$", "health"]);
        await app.StopAsync();

        Assert.Equal("Excluded URLs: 2 in force. Excluded routes: 1 of 3 (GET /health).", Assert.Single(Reports(app)));
    }

    [Theory]
    [InlineData("(bad")]
    [InlineData("base64:!")]
    public async Task A_list_without_a_usable_item_is_not_reported_as_empty(string list)
    {
        await using var app = await StartAsync([], new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = list });
        await app.StopAsync();

        Assert.Equal("The exclusion list has no usable item. No URL is excluded.", Assert.Single(Reports(app)));
    }

    [Fact]
    public async Task A_reload_that_adds_an_invalid_item_is_not_reported_again()
    {
        await using var app = await StartAsync(["^/health$"]);
        var configuration = (IConfigurationRoot)app.App.Configuration;
        await WaitForStatusAsync(status => status.RouteCount > 0);

        configuration["Aspire:RouteTracing:ExcludedUrls"] = "(bad";
        configuration.Reload();
        await WaitForStatusAsync(status => status.Problems.Count == 1);
        await app.StopAsync();

        Assert.Equal("Excluded URLs: 1 in force. Excluded routes: 1 of 3 (GET /health).", Assert.Single(Reports(app)));
    }

    [Theory]
    [InlineData(true, "The exclusion list is empty. No URL is excluded.")]
    [InlineData(false, "Route tracing is disabled or suspended. No URL is excluded.")]
    public async Task An_empty_or_disabled_list_is_logged(bool enabled, string line)
    {
        await using var app = await StartAsync([], new() { ["Aspire:RouteTracing:Enabled"] = $"{enabled}" });
        await app.StopAsync();

        Assert.Equal(line, Assert.Single(Reports(app)));
    }

    [Fact]
    public async Task A_reload_is_logged_only_if_the_list_changed()
    {
        await using var app = await StartAsync([]);
        var configuration = (IConfigurationRoot)app.App.Configuration;
        await WaitForStatusAsync(status => status.Items.Count == 0);

        configuration["Aspire:RouteTracing:ExcludedUrls"] = "^/health$";
        configuration.Reload();
        configuration.Reload();
        await WaitForStatusAsync(status => status.Items.Count == 1);
        await app.StopAsync();

        Assert.Equal(
            [
                "The exclusion list is empty. No URL is excluded.",
                "Excluded URLs: 1 in force. Excluded routes: 1 of 3 (GET /health)."],
            Reports(app));
    }

    [Fact]
    public async Task The_status_contains_the_items_of_every_source_and_the_routes()
    {
        var file = Path.Combine(_folder, "excluded-urls.txt");
        await File.WriteAllTextAsync(file, "^/health$\n", TestContext.Current.CancellationToken);
        await using var app = await StartAsync(
            ["^/from-code$"],
            new() { ["Aspire:RouteTracing:ExclusionsFile"] = file, ["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"] = "^/from-variable$,(" });

        var status = await WaitForStatusAsync(status => status.RouteCount > 0);

        Assert.True(status.Enabled);
        Assert.Equal(["^/health$"], status.FileItems!);
        Assert.Equal(
            [
                ("^/from-variable$", "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"),
                ("^/health$", "Aspire:RouteTracing:ExclusionsFile"),
                ("^/from-code$", "code")],
            status.Items.Select(item => (item.Pattern, item.Source)));
        Assert.Equal(["GET /health"], status.ExcludedRoutes);
        Assert.Equal(3, status.RouteCount);
        Assert.Equal(["^/from-variable$", "^/from-code$"], status.UnmatchedItems);
        Assert.Equal(new ServiceStatus.Item("(", "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"), Assert.Single(status.Problems).Item);
    }

    [Fact]
    public async Task The_status_is_rewritten_when_the_file_changes()
    {
        var file = Path.Combine(_folder, "excluded-urls.txt");
        await File.WriteAllTextAsync(file, "^/health$\n", TestContext.Current.CancellationToken);
        await using var app = await StartAsync([], new() { ["Aspire:RouteTracing:ExclusionsFile"] = file });
        await WaitForStatusAsync(status => status.FileItems is ["^/health$"]);

        await File.WriteAllTextAsync(file, "^/other$\n", TestContext.Current.CancellationToken);

        Assert.Equal(
            ["^/other$"], (await WaitForStatusAsync(status => status.FileItems is ["^/other$"])).Items.Select(item => item.Pattern));
    }

    [Fact]
    public async Task The_status_has_the_applied_list_if_a_changed_file_cannot_be_applied()
    {
        var file = Path.Combine(_folder, "excluded-urls.txt");
        await File.WriteAllTextAsync(file, "^/health$\n", TestContext.Current.CancellationToken);
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                if (settings.ExcludedUrls.Contains("^/other$"))
                {
                    throw new InvalidOperationException("The delegate rejects the list.");
                }
            }),
            _ => { },
            new() { [ConfigurationKeys.StatusFolder] = _folder, ["Aspire:RouteTracing:ExclusionsFile"] = file });

        await File.WriteAllTextAsync(file, "^/other$\n", TestContext.Current.CancellationToken);
        await Waits.UntilAsync(() => app.Logs.Any(log => log.EventId.Id == 10), "The rejected list was not logged in time.");
        using (app.RouteTracing().Suspend())
        {
            await WaitForStatusAsync(status => !status.Enabled);
        }

        Assert.Equal(["^/health$"], (await WaitForStatusAsync(status => status.Enabled)).FileItems!);
    }

    [Fact]
    public async Task A_route_name_that_is_no_template_is_reported()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/orders/1$")),
            app => app.MapGet("/orders/{id}", () => "").WithMetadata(new GivenName("/orders/{id")));
        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal("Excluded URLs: 1 in force. Excluded routes: 1 of 1 (GET /orders/{id).", Assert.Single(Reports(app)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_001)]
    public async Task The_report_does_not_disable_an_item_that_times_out(int items)
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.ExcludedUrls.Add("^(?=/)/slow/.*/(a+)+$");
                for (var i = 1; i < items; i++)
                {
                    settings.ExcludedUrls.Add($"^/{i}$");
                }
            }),
            app => app.MapGet($"/slow/{{id}}/{new string('a', 40)}!", () => ""));
        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.StartsWith($"Excluded URLs: {items} in force.", Assert.Single(Reports(app)), StringComparison.Ordinal);
        Assert.Equal(items, app.RouteTracing().ExcludedUrls.Count);
    }

    [Fact]
    public async Task The_status_file_is_private_and_deleted_when_the_service_stops()
    {
        await using var app = await StartAsync(["^/health$"]);
        await WaitForStatusAsync(_ => true);

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(StatusPath!));
        }

        await app.StopAsync();
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task Each_application_of_a_process_has_a_status()
    {
        await using var first = await StartAsync(["^/health$"]);
        await WaitForStatusAsync(_ => true);
        await using var second = await StartAsync(["^/orders"]);
        await Waits.UntilAsync(() => Directory.GetFiles(_folder, "*.json").Length == 2, "The second status was not written in time.");
        Assert.Equal(
            ["^/health$", "^/orders"],
            Directory.GetFiles(_folder).Select(path => ReadStatus(path)!.Items.Single().Pattern).Order(StringComparer.Ordinal));
        await second.StopAsync();

        Assert.Equal(["^/health$"], (await WaitForStatusAsync(_ => true)).Items.Select(item => item.Pattern));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_status_that_cannot_be_written_is_logged_once()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes are tested on Unix.");
        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        await using var app = await StartAsync(["^/health$"]);
        await Waits.UntilAsync(() => app.Logs.Any(IsFailedReport), "The failure was not logged in time.");
        using var response = await app.GetAsync("/health");
        app.App.Services.GetRequiredService<IRouteTracing>().Suspend().Dispose();
        await app.StopAsync();

        Assert.Single(app.Logs, IsFailedReport);
        Assert.Empty(Directory.GetFiles(_folder));
        Assert.Contains(Reports(app), report => report.StartsWith("Excluded URLs: 1 in force.", StringComparison.Ordinal));
        Assert.Empty(app.Spans);

        static bool IsFailedReport(LogRecord log) =>
            log.LogLevel == LogLevel.Error
                && log.FormattedMessage!.StartsWith("The exclusion list could not be reported.", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_status_that_could_not_be_written_is_written_later()
    {
        await using var app = await StartAsync(["^/health$"]);
        await WaitForStatusAsync(status => status.RouteCount == 3);
        var obstacle = Directory.CreateDirectory($"{StatusPath}.next");
        app.Reload("Aspire:RouteTracing:ExcludedUrls", "^/orders");
        await Waits.UntilAsync(() => app.Logs.Any(log => log.EventId.Id == 64), "The failure was not logged in time.");

        obstacle.Delete();

        await WaitForStatusAsync(status => status.Items.Count == 2);
    }

    [Fact]
    public async Task A_status_that_is_deleted_is_written_again()
    {
        await using var app = await StartAsync(["^/health$"]);
        await WaitForStatusAsync(status => status.RouteCount == 3);

        File.Delete(StatusPath!);

        Assert.Equal(["^/health$"], (await WaitForStatusAsync(_ => true)).Items.Select(item => item.Pattern));
        Assert.Single(Reports(app));
    }

    [Fact]
    public async Task A_folder_that_the_AppHost_creates_again_gets_the_status()
    {
        var folder = Path.Combine(_folder, "orders");
        OwnerOnlyFolder.Create(folder);
        await using var app = await StartAsync(["^/health$"], new() { [ConfigurationKeys.StatusFolder] = folder });
        await WaitForStatusAsync(status => status.RouteCount == 3);
        Directory.Delete(folder, recursive: true);

        OwnerOnlyFolder.Create(folder);

        await WaitForStatusAsync(status => status.RouteCount == 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_folder_that_the_AppHost_has_deleted_is_no_failure_at_the_end(bool wasReported)
    {
        var folder = Path.Combine(_folder, "orders");
        if (wasReported)
        {
            OwnerOnlyFolder.Create(folder);
        }

        await using var app = await StartAsync(["^/health$"], new() { [ConfigurationKeys.StatusFolder] = folder });
        await Waits.UntilAsync(() => Reports(app).Length > 0, "The list was not reported in time.");
        if (wasReported)
        {
            await WaitForStatusAsync(status => status.RouteCount > 0);
            Directory.Delete(folder, recursive: true);
        }

        await app.StopAsync();

        Assert.DoesNotContain(app.Logs, log => log.LogLevel == LogLevel.Error);
    }

    [Fact]
    public async Task The_first_request_that_an_item_excludes_is_logged_at_Debug()
    {
        await using var app = await StartAsync(["^/health$"], logLevel: LogLevel.Debug);
        for (var i = 0; i < 3; i++)
        {
            using var response = await app.GetAsync("/health");
        }

        await app.StopAsync();

        var log = Assert.Single(app.Logs, log => log.EventId.Id == 21);
        Assert.Equal(LogLevel.Debug, log.LogLevel);
        Assert.Equal(
            "'/health' is excluded by '^/health$' of code. Further requests that this item excludes are not logged.", log.FormattedMessage);
    }

    /// <summary>Pauses the building of a routing table at one endpoint.</summary>
    private sealed class PausingPolicy(string endpointName) : MatcherPolicy, INodeBuilderPolicy, IDisposable
    {
        private readonly TaskCompletionSource _paused = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _continued = new();

        public override int Order => 0;

        public Task Paused => _paused.Task;

        public void Continue() => _continued.Set();

        public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints)
        {
            if (endpoints.Any(endpoint => endpoint.DisplayName == endpointName) && _paused.TrySetResult())
            {
                _continued.Wait(TestContext.Current.CancellationToken);
            }

            return false;
        }

        public IReadOnlyList<PolicyNodeEdge> GetEdges(IReadOnlyList<Endpoint> endpoints) => [];

        public PolicyJumpTable BuildJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges) =>
            throw new NotSupportedException();

        public void Dispose() => _continued.Dispose();
    }

    [GeneratedRegex("GET ([^,)]+)")]
    private static partial Regex FoundRoute();

    private sealed record GivenName(string Route) : IRouteDiagnosticsMetadata;

    private string? StatusPath =>
        Directory.EnumerateFiles(_folder, $"{Environment.ProcessId}.*.json", SearchOption.AllDirectories).SingleOrDefault();

    private static string[] Reports(TracedApp app) =>
        [
            .. app.Logs.Where(log => log.CategoryName == typeof(ExclusionReport).FullName && log.LogLevel == LogLevel.Information)
                .Select(log => log.FormattedMessage!),
        ];

    private static ServiceStatus? ReadStatus(string path)
    {
        using var stream = OwnerOnlyFile.OpenRead(path);
        return ServiceStatus.FromJson(stream);
    }

    private async Task<ServiceStatus> WaitForStatusAsync(Func<ServiceStatus, bool> isComplete)
    {
        ServiceStatus? status = null;
        await Waits.UntilAsync(
            () => StatusPath is { } path && (status = ReadStatus(path)) is not null && isComplete(status),
            "The status was not complete in time.");
        return status!;
    }

    // After the first request, the routes are known.
    private async Task<TracedApp> StartAsync(
        string[] patterns, Dictionary<string, string?>? configuration = null, LogLevel logLevel = LogLevel.Information)
    {
        configuration ??= [];
        configuration.TryAdd(ConfigurationKeys.StatusFolder, _folder);
        var started = await TracedApp.StartAsync(
            builder =>
            {
                builder.Logging.SetMinimumLevel(logLevel);
                builder.AddRouteTracing(settings => Array.ForEach(patterns, settings.ExcludedUrls.Add));
            },
            app =>
            {
                app.MapGet("/", () => "home");
                app.MapGet("/health", () => "healthy");
                app.MapGet("/orders/{id:int}", (int id) => id);
            },
            configuration);
        using var response = await started.GetAsync("/health");
        return started;
    }
}
