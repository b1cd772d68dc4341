using AppHost.Tests.Telemetry;
using Aspire.Hosting.ApplicationModel;

namespace AppHost.Tests;

/// <summary>The commands of the hosting package, seen in what the services export.</summary>
public sealed class LiveExclusionsTests(RunningAppHost appHost) : IAsyncDisposable
{
    private const string Path = "/orders/1";
    private const string Pattern = "^/orders/";
    private const string DeclaredPattern = @"^/favicon\.ico$";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_edited_list_takes_effect_without_a_restart_and_can_be_reset()
    {
        var process = appHost.GetProperty("storefront", "executable.pid");
        await appHost.WaitForTraceAsync(await appHost.GetAsync("storefront", Path), spans: 4);
        Assert.StartsWith($"'{Path}' is not excluded", await TestUrlAsync(), StringComparison.Ordinal);

        Assert.True(await EditAsync(Pattern));
        Assert.False(await EditAsync("^/orders/("));
        await RequestUntilExcludedAsync(Path, Pattern);
        Assert.Equal(Pattern, appHost.GetProperty("storefront", "Excluded URLs"));
        Assert.StartsWith($"'{Path}' is excluded by '{Pattern}'", await TestUrlAsync(), StringComparison.Ordinal);

        var excluded = new[] { await appHost.GetAsync("storefront", Path), await appHost.GetAsync("storefront", Path), await appHost.GetAsync("storefront", Path) };
        await appHost.PlaceOrderAsync("storefront");
        Assert.DoesNotContain(await appHost.Dashboard.GetSpansAsync(Cancellation), span => excluded.Contains(span.TraceId));

        await ResetAsync();
        await appHost.WaitForTraceAsync(await appHost.GetAsync("storefront", Path), spans: 4);
        Assert.Equal(process, appHost.GetProperty("storefront", "executable.pid"));
    }

    [Fact]
    public async Task An_edited_list_stays_after_a_restart()
    {
        var process = appHost.GetProperty("storefront", "executable.pid");
        await EditAsync(Pattern);
        await RequestUntilExcludedAsync(Path, Pattern);

        Assert.True((await appHost.ExecuteAsync("storefront", KnownResourceCommands.RestartCommand)).Success);
        await appHost.WaitForRestartAsync("storefront", process);
        var excluded = await appHost.GetAsync("storefront", Path);
        await appHost.PlaceOrderAsync("storefront");

        Assert.DoesNotContain(await appHost.Dashboard.GetSpansAsync(Cancellation), span => span.TraceId == excluded);
    }

    /// <summary>The other tests find the list of the AppHost's code.</summary>
    public async ValueTask DisposeAsync() => await ResetAsync();

    private async Task ResetAsync()
    {
        await appHost.ExecuteAsync("storefront", "edit-excluded-urls", ("patterns", ""), ("reset", "true"));
        await RequestUntilExcludedAsync("/favicon.ico", DeclaredPattern);
    }

    private async Task<bool> EditAsync(string pattern) =>
        (await appHost.ExecuteAsync("storefront", "edit-excluded-urls", ("patterns", pattern), ("reset", "false"))).Success;

    private async Task<string> TestUrlAsync() => (await appHost.ExecuteAsync("storefront", "test-url", ("url", Path))).Message;

    /// <summary>The service counts a request by the pattern that excludes it, as soon as the list with the pattern is in force.</summary>
    private async Task RequestUntilExcludedAsync(string path, string pattern)
    {
        var before = await CountAsync();
        await Polling.UntilAsync(
            async () =>
            {
                await appHost.GetAsync("storefront", path);
                return await CountAsync();
            },
            count => count > before,
            Cancellation);

        async Task<long> CountAsync() =>
            (await appHost.GetCountsAsync("storefront"))
                .Where(count => count.Metric == "aspire.route_tracing.excluded_requests" && count.Key == pattern)
                .Sum(count => count.Value);
    }
}
