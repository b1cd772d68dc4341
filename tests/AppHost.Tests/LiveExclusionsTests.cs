using System.Diagnostics;
using AppHost.WithoutAspire.Otlp;
using Aspire.Hosting.ApplicationModel;

namespace AppHost.Tests.Aspire;

/// <summary>The commands of the hosting package, on the running services of src/AppHost, seen in what the services export.</summary>
public sealed class LiveExclusionsTests
{
    private const string Path = "/orders/1";
    private const string Pattern = "^/orders/";

    [Fact]
    public async Task An_edited_list_takes_effect_without_a_restart_in_the_services_behind_too_and_can_be_reset()
    {
        await using var appHost = await RunningAppHost.StartAsync();
        await appHost.RepeatRequestUntilAsync("storefront", Path, () => Traced(appHost, DateTimeOffset.MinValue));
        var process = appHost.GetProperty("storefront", "executable.pid");
        Assert.Equal(
            (true, $"'{Path}' is not excluded by the AppHost's list; the service may add its own."),
            await appHost.ExecuteAsync("storefront", "test-url", ("url", Path)));

        Assert.True((await EditAsync(appHost, Pattern)).Success);
        Assert.False((await EditAsync(appHost, "^/orders/(")).Success);
        await appHost.RepeatRequestUntilAsync("storefront", Path, () => Excluded(appHost) > 0);
        var inForce = DateTimeOffset.UtcNow;
        await appHost.RepeatRequestUntilAsync("storefront", Path, () => Excluded(appHost) > 20);

        Assert.Equal(Pattern, appHost.GetProperty("storefront", "Excluded URLs"));
        Assert.Equal(
            (true, $"'{Path}' is excluded by '{Pattern}', from the list edited in this run."),
            await appHost.ExecuteAsync("storefront", "test-url", ("url", Path)));

        await appHost.ExecuteAsync("storefront", "edit-excluded-urls", ("patterns", ""), ("reset", "true"));
        var reset = DateTimeOffset.UtcNow;
        await appHost.RepeatRequestUntilAsync("storefront", Path, () => Traced(appHost, reset));

        // Nothing of what was excluded arrived in the meantime, from the services behind either.
        Assert.DoesNotContain(appHost.Spans, span => span.Start > inForce && span.Start < reset && IsOfPath(span.Attributes));
        Assert.Equal(process, appHost.GetProperty("storefront", "executable.pid"));
    }

    [Fact]
    public async Task An_edited_list_is_there_after_a_restart_of_the_resource()
    {
        await using var appHost = await RunningAppHost.StartAsync();
        await EditAsync(appHost, Pattern);
        await appHost.RepeatRequestUntilAsync("storefront", Path, () => Excluded(appHost) > 0);
        var process = appHost.GetProperty("storefront", "executable.pid");

        await appHost.ExecuteAsync("storefront", KnownResourceCommands.RestartCommand);
        var restarted = DateTimeOffset.UtcNow;
        await appHost.RequestAsync("storefront", Path);
        await appHost.RepeatRequestUntilAsync("storefront", "/", () => appHost.Spans.Any(span => span.Service == "storefront" && span.Start > restarted));

        Assert.NotEqual(process, appHost.GetProperty("storefront", "executable.pid"));
        Assert.DoesNotContain(appHost.Spans, span => span.Start > restarted && IsOfPath(span.Attributes));
    }

    [Fact]
    public async Task The_health_checks_that_Aspire_makes_leave_no_trace_in_any_service()
    {
        await using var appHost = await RunningAppHost.StartAsync();
        string[] services = ["storefront", "orders", "catalog"];

        await appHost.RepeatRequestUntilAsync("storefront", "/readyz", () => services.All(service =>
            appHost.Points.Any(point => point.Service == service && point.Attributes.Values.Contains("^/readyz/?$"))));
        await appHost.RepeatRequestUntilAsync("storefront", "/", () =>
            appHost.Spans.Any(span => span.Attributes.GetValueOrDefault("url.path") == "/"));

        Assert.DoesNotContain(appHost.Spans, span => span.Attributes.Values.Any(value => value.Contains("readyz", StringComparison.Ordinal)));
    }

    private static Task<(bool Success, string? Message)> EditAsync(RunningAppHost appHost, string patterns) =>
        appHost.ExecuteAsync("storefront", "edit-excluded-urls", ("patterns", patterns), ("reset", "false"));

    private static bool Traced(RunningAppHost appHost, DateTimeOffset since) => new[] { "storefront", "orders" }.All(service =>
        appHost.Spans.Any(span => span.Service == service && span.Kind == ActivityKind.Server && span.Start > since && IsOfPath(span.Attributes)));

    private static double Excluded(RunningAppHost appHost) => appHost.Points.Where(IsOfPattern).Sum(point => point.Value);

    private static bool IsOfPattern(ReceivedPoint point) => point.Service == "storefront" && point.Attributes.Values.Contains(Pattern);

    private static bool IsOfPath(IReadOnlyDictionary<string, string> attributes) =>
        attributes.Any(attribute => attribute.Key is "url.path" or "url.full" && attribute.Value.EndsWith(Path, StringComparison.Ordinal));
}
