using AppHost.Tests.Telemetry;
using Aspire.Hosting.ApplicationModel;

namespace AppHost.Tests;

/// <summary>The commands and properties of the hosting package, compared with what the services export.</summary>
public sealed class LiveExclusionsTests(RunningAppHost appHost) : IAsyncDisposable
{
    private const string Page = "/orders/1";
    private const string Pattern = "^/orders/";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_edit_is_confirmed_by_the_service_and_applies_without_a_restart()
    {
        var process = appHost.GetProperty("storefront", "executable.pid");
        await appHost.WaitForTraceAsync(await appHost.GetAsync("storefront", Page), spans: 4);
        Assert.Equal(
            $"No excluded URL of 'storefront' matches '{Page}'. Another filter, the sampler or [ExcludeFromTracing] can still exclude it.",
            await TestUrlAsync("storefront", Page));

        var (success, message) = await EditAsync(("add", Pattern));
        Assert.True(success, message);
        Assert.Matches(
            """
            ^The list of 'storefront' is .*\. The service has confirmed it\. It excludes \d of \d+ routes: .*GET /orders/\{id:int\}.*\.\n
            """,
            message);
        Assert.EndsWith(
            $"\nTo keep the added patterns, declare them on 'storefront': .WithExcludedUrls(\"{Pattern}\")",
            message,
            StringComparison.Ordinal);
        Assert.Equal(
            $"'{Page}' is excluded in 'storefront' by '{Pattern}', from the list edited in this run.",
            await TestUrlAsync("storefront", Page));
        Assert.StartsWith(
            "Edited in this run. In force: ", await WaitForPropertyAsync("storefront", $", {Pattern}."), StringComparison.Ordinal);

        var excluded = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            excluded.Add(await appHost.GetAsync("storefront", Page));
        }

        await appHost.PlaceOrderAsync("storefront");
        Assert.DoesNotContain(await appHost.Dashboard.GetSpansAsync(Cancellation), span => excluded.Contains(span.TraceId));

        var reset = await EditAsync(("reset", "true"));
        Assert.True(reset.Success, reset.Message);
        await appHost.WaitForTraceAsync(await appHost.GetAsync("storefront", Page), spans: 4);
        Assert.Equal(process, appHost.GetProperty("storefront", "executable.pid"));
    }

    [Fact]
    public async Task An_invalid_pattern_is_refused()
    {
        Assert.False((await EditAsync(("add", "^/orders/("))).Success);
        Assert.StartsWith(
            $"No excluded URL of 'storefront' matches '{Page}'.", await TestUrlAsync("storefront", Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edited_list_stays_after_a_restart()
    {
        var process = appHost.GetProperty("storefront", "executable.pid");
        Assert.True((await EditAsync(("add", Pattern))).Success);

        Assert.True((await appHost.ExecuteAsync("storefront", KnownResourceCommands.RestartCommand)).Success);
        await appHost.WaitForRestartAsync("storefront", process);
        var excluded = await appHost.GetAsync("storefront", Page);
        await appHost.PlaceOrderAsync("storefront");

        Assert.DoesNotContain(await appHost.Dashboard.GetSpansAsync(Cancellation), span => span.TraceId == excluded);
    }

    [Fact]
    public async Task One_edit_reaches_all_resources()
    {
        var edit = await EditAsync(("add", "^/everywhere$"), ("all-resources", "true"));
        Assert.Contains("The list of 'catalog' is ", edit.Message, StringComparison.Ordinal);
        var answers = (await TestUrlAsync("orders", "/everywhere", allResources: true)).Split('\n');

        foreach (var service in new[] { "storefront", "orders", "catalog" })
        {
            Assert.Contains($"'/everywhere' is excluded in '{service}' by '^/everywhere$', from the list edited in this run.", answers);
        }
    }

    [Fact]
    public async Task The_property_shows_the_list_of_the_service() =>
        Assert.Equal(
            @"In force: ^/favicon\.ico$, ^/cart/[^/]+/badge$, ^/readyz/?$.",
            await WaitForPropertyAsync("storefront", "In force: "));

    [Fact]
    public async Task A_service_that_does_not_read_its_list_is_named_everywhere()
    {
        const string question = "not read by 'stock': does it call AddRouteTracing()?";

        await WaitForPropertyAsync(RunningAppHost.Stock, "Not read by 'stock': does it call AddRouteTracing()?");

        Assert.EndsWith(question, await TestUrlAsync(RunningAppHost.Stock, "/readyz"), StringComparison.Ordinal);
        var edit = await appHost.ExecuteAsync(RunningAppHost.Stock, "edit-excluded-urls", ("add", "^/x$"));
        Assert.False(edit.Success);
        Assert.EndsWith("does it call AddRouteTracing()?", edit.Message, StringComparison.Ordinal);

        // Aspire logs the answer of the command there, too.
        Assert.Single(
            await appHost.GetConsoleLogAsync(RunningAppHost.Stock),
            line => line.Contains($"The excluded URLs are {question}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_disabled_service_excludes_nothing()
    {
        await WaitForPropertyAsync(RunningAppHost.WithoutRouteTracing, "Route tracing is disabled in the service.");

        Assert.Equal(
            $"Route tracing is disabled in '{RunningAppHost.WithoutRouteTracing}', so nothing is excluded.",
            await TestUrlAsync(RunningAppHost.WithoutRouteTracing, "/readyz"));
    }

    [Fact]
    public async Task Health_checks_leave_no_span_in_a_service_without_the_package()
    {
        // The AppHost has checked /readyz and /, because the service is healthy.
        await appHost.App.ResourceNotifications.WaitForResourceHealthyAsync(RunningAppHost.Stock, Cancellation);

        var page = await appHost.GetAsync(RunningAppHost.Stock, "/");
        await appHost.WaitForTraceAsync(page, spans: 1);

        var spans = await appHost.Dashboard.GetSpansAsync(Cancellation);
        Assert.Equal([page], spans.Where(span => span.Service == RunningAppHost.Stock).Select(span => span.TraceId));
    }

    [Fact]
    public async Task The_service_logs_the_routes_that_its_list_excludes()
    {
        var logs = await Polling.UntilAsync(
            async () => (await appHost.Dashboard.GetLogsAsync(Cancellation))
                .Where(log => log.Service == "storefront")
                .Select(log => log.Message)
                .ToArray(),
            logs => logs.Any(log => log.StartsWith("Excluded URLs: 3 in force.", StringComparison.Ordinal)),
            Cancellation);

        Assert.Contains(
            logs,
            log => log.Contains("Excluded routes: ", StringComparison.Ordinal)
                && log.Contains("GET /favicon.ico", StringComparison.Ordinal)
                && log.Contains("GET /cart/{customer}/badge", StringComparison.Ordinal)
                && log.Contains("/readyz", StringComparison.Ordinal));
    }

    /// <summary>The other tests find the list of the AppHost's code.</summary>
    public async ValueTask DisposeAsync()
    {
        await EditAsync(("reset", "true"), ("all-resources", "true"));
        foreach (var service in new[] { "storefront", "orders", "catalog" })
        {
            await Polling.UntilAsync(
                () => Task.FromResult($"{appHost.GetProperty(service, "Excluded URLs")}"),
                property => property.StartsWith("In force: ", StringComparison.Ordinal),
                Cancellation);
        }
    }

    private Task<(bool Success, string Message)> EditAsync(params (string Name, string Value)[] arguments) =>
        appHost.ExecuteAsync("storefront", "edit-excluded-urls", arguments);

    private async Task<string> TestUrlAsync(string service, string url, bool allResources = false) =>
        (await appHost.ExecuteAsync(service, "test-url", ("url", url), ("all-resources", allResources ? "true" : "false"))).Message;

    private Task<string> WaitForPropertyAsync(string service, string text) =>
        Polling.UntilAsync(
            () => Task.FromResult($"{appHost.GetProperty(service, "Excluded URLs")}"),
            value => value.Contains(text, StringComparison.Ordinal),
            Cancellation);
}
