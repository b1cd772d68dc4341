using AppHost.Tests.Telemetry;
using Aspire.Hosting.Testing;

namespace AppHost.Tests;

/// <summary>The test of docs/testing.md.</summary>
public sealed class IdleApplicationTests(RunningAppHost appHost)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_idle_application_exports_nothing()
    {
        var start = DateTimeOffset.UtcNow;
        using var storefront = appHost.App.CreateHttpClient("storefront");

        // Everything that happens while nobody uses the application.
        foreach (var path in new[] { "/readyz", "/health", "/alive", "/cart/ada/badge" })
        {
            using var response = await storefront.GetAsync(path, Cancellation);
        }

        // A request that is traced in every service. When its spans are in the dashboard, earlier spans of the services are, too.
        using var order = await storefront.GetAsync("/orders/42", Cancellation);
        string[] services = ["storefront", "orders", "catalog"];
        var spans = await Polling.UntilAsync(
            async () => (await appHost.Dashboard.GetSpansAsync(Cancellation)).Where(span => span.Start >= start).ToArray(),
            spans => services.All(service => spans.Any(span => span.Service == service)),
            Cancellation);

        Assert.Single(spans.Select(span => span.TraceId).Distinct());
        Assert.All(spans, span => Assert.DoesNotContain("readyz", span.Name, StringComparison.Ordinal));
    }
}
