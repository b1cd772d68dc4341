using AppHost.Tests.Telemetry;

namespace AppHost.Tests;

public sealed class TracesTests(RunningAppHost appHost)
{
    private const string Excluded = "aspire.route_tracing.excluded_requests";
    private const string Duration = "http.server.request.duration";
    private const int Server = 2;
    private const int Client = 3;

    private static readonly string[] Services = ["storefront", "orders", "catalog"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_is_one_trace_through_all_services()
    {
        var trace = await appHost.WaitForTraceAsync(await appHost.GetAsync("storefront", "/orders/42"), spans: 6);

        var names = trace.ToDictionary(span => span.SpanId, span => $"{span.Service}: {span.Name}");
        Assert.Equal(
            [
                ("storefront", Server, "GET /orders/{id:int}", "/orders/{id:int}", "the test"),
                ("storefront", Client, "GET", null, "storefront: GET /orders/{id:int}"),
                ("orders", Server, "GET /orders/{id:int}", "/orders/{id:int}", "storefront: GET"),
                ("orders", Client, "SELECT orders", null, "orders: GET /orders/{id:int}"),
                ("orders", Client, "GET", null, "orders: GET /orders/{id:int}"),
                ("catalog", Server, "GET /api/Products/{sku}", "/api/Products/{sku}", "orders: GET"),
            ],
            trace.OrderBy(span => span.Start).Select(span => (
                span.Service,
                span.Kind,
                span.Name,
                span.Route,
                names.GetValueOrDefault(span.ParentSpanId!, "the test"))));
    }

    [Theory]
    [InlineData("")]
    [InlineData(RunningAppHost.ParentIgnored)]
    public async Task Excluded_requests_leave_no_span_in_any_service(string shop)
    {
        var start = DateTimeOffset.UtcNow;
        foreach (var path in new[] { "/readyz", "/health", "/alive", "/favicon.ico", "/cart/ada/badge" })
        {
            await appHost.GetAsync($"storefront{shop}", path);
        }

        var order = await appHost.PlaceOrderAsync($"storefront{shop}");

        var services = Services.Select(service => $"{service}{shop}").ToArray();
        var spans = (await appHost.Dashboard.GetSpansAsync(Cancellation))
            .Where(span => span.Start >= start && services.Contains(span.Service));
        Assert.All(spans, span => Assert.Equal(order[0].TraceId, span.TraceId));
    }

    [Fact]
    public async Task Health_checks_of_the_AppHost_leave_no_trace()
    {
        // The AppHost has checked the services, because they are healthy.
        foreach (var service in Services)
        {
            var counts = await appHost.GetCountsAsync($"{service}{RunningAppHost.ParentIgnored}");
            Assert.Contains(counts, count => count is { Metric: "aspire.route_tracing.excluded_requests", Key: "^/readyz/?$" });
        }

        await appHost.PlaceOrderAsync($"storefront{RunningAppHost.ParentIgnored}");

        var spans = await appHost.Dashboard.GetSpansAsync(Cancellation);
        var names = spans.Where(span => span.Service.EndsWith(RunningAppHost.ParentIgnored, StringComparison.Ordinal))
            .Select(span => span.Name)
            .ToArray();
        Assert.Contains("POST /checkout", names);
        Assert.DoesNotContain("SELECT 1", names);
        Assert.DoesNotContain(names, name => name.Contains("readyz", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_route_tracing_the_same_probes_leave_spans()
    {
        var trace = await appHost.WaitForTraceAsync(await appHost.GetAsync(RunningAppHost.WithoutRouteTracing, "/readyz"), spans: 3);

        Assert.Equal(
            ["GET", "GET", "GET /readyz"],
            trace.Where(span => span.Service == RunningAppHost.WithoutRouteTracing).Select(span => span.Name).Order());
    }

    [Fact]
    public async Task Excluded_requests_are_counted_by_pattern_and_have_no_duration()
    {
        var before = await GetCountsAsync();
        await appHost.GetAsync("storefront", "/");
        await appHost.GetAsync("storefront", "/readyz");
        await appHost.GetAsync("storefront", "/favicon.ico");
        await appHost.GetAsync("storefront", "/cart/ada/badge");

        var counts = await Polling.UntilAsync(() => GetCountsSinceAsync(before), counts => counts.Count >= 7, Cancellation);

        // The AppHost checks /readyz at any time.
        Assert.Equal(
            [
                ("catalog", "^/readyz/?$", "200"),
                ("orders", "^/readyz/?$", "200"),
                ("storefront", "^/cart/[^/]+/badge$", "200"),
                ("storefront", @"^/favicon\.ico$", "204"),
                ("storefront", "^/readyz/?$", "200"),
            ],
            counts.Keys.Where(count => count.Metric == Excluded).Select(count => (count.Service, count.Key, count.Status)).Order());
        Assert.All(counts.Where(count => count.Key.Key != "^/readyz/?$"), count => Assert.Equal(1, count.Value));

        // What the storefront's list excludes is quiet in the traces of orders, too. The metrics of orders are its own.
        Assert.Equal(
            [("orders", "/customers/{customer}/orders/count"), ("storefront", "/")],
            counts.Keys.Where(count => count.Metric == Duration).Select(count => (count.Service, count.Key)).Order());
    }

    [Fact]
    public async Task Logs_of_excluded_requests_keep_their_trace_id()
    {
        var traceId = await appHost.GetAsync("storefront", "/readyz");

        var requests = await Polling.UntilAsync(
            async () => (await appHost.Dashboard.GetLogsAsync(Cancellation, traceId))
                .Where(log => log.Message.StartsWith("Request finished", StringComparison.Ordinal)).ToArray(),
            logs => logs.Length >= 3,
            Cancellation);

        Assert.Equal(["catalog", "orders", "storefront"], requests.Select(log => log.Service).Order());
    }

    private async Task<Dictionary<(string Service, string Metric, string Key, string? Status), long>> GetCountsAsync()
    {
        var counts = new Dictionary<(string Service, string Metric, string Key, string? Status), long>();
        foreach (var service in Services)
        {
            // The AppHost's own checks change other metrics at any time.
            var relevant = (await appHost.GetCountsAsync(service)).Where(count => count is { Metric: Excluded or Duration, Key: not null });
            foreach (var count in relevant)
            {
                counts[(service, count.Metric, count.Key!, count.Attributes.GetValueOrDefault("http.response.status_code"))] = count.Value;
            }
        }

        return counts;
    }

    private async Task<Dictionary<(string Service, string Metric, string Key, string? Status), long>> GetCountsSinceAsync(
        Dictionary<(string Service, string Metric, string Key, string? Status), long> before) =>
        (await GetCountsAsync())
            .Select(count => (count.Key, Value: count.Value - before.GetValueOrDefault(count.Key)))
            .Where(count => count.Value > 0)
            .ToDictionary(count => count.Key, count => count.Value);
}
