using AppHost.Tests.Telemetry;
using Aspire.Hosting.ApplicationModel;

namespace AppHost.Tests;

public sealed class ShopperTests(RunningAppHost appHost) : IAsyncDisposable
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_of_the_shopper_start_traces_at_the_storefront()
    {
        string[] expected = ["GET /", "GET /gift-cards/{code}", "GET /orders/{id:int}", "POST /checkout"];
        var start = DateTimeOffset.UtcNow;

        Assert.True((await appHost.ExecuteAsync("shopper", KnownResourceCommands.StartCommand)).Success);
        var roots = await Polling.UntilAsync(
            async () => (await appHost.Dashboard.GetSpansAsync(Cancellation))
                .Where(span => span.Start >= start && span.ParentSpanId is null)
                .ToArray(),
            spans => expected.All(name => spans.Any(span => span.Name == name)),
            Cancellation);

        Assert.Equal(expected, roots.Select(span => span.Name).Distinct().Order(StringComparer.Ordinal));
        Assert.All(roots, span => Assert.Equal("storefront", span.Service));
    }

    /// <summary>The other tests find no traffic.</summary>
    public async ValueTask DisposeAsync() => await appHost.ExecuteAsync("shopper", KnownResourceCommands.StopCommand);
}
