using System.Diagnostics;

namespace Playground.Tests;

public class TracesTests
{
    [Fact]
    public async Task A_request_is_one_trace_through_all_services()
    {
        await using var shop = await RunningShop.StartAsync();
        await shop.GetAsync("/orders/42");
        await shop.StopAsync();

        var names = shop.Spans.ToDictionary(span => span.SpanId, span => $"{span.Service}: {span.Name}");
        Assert.Single(shop.Spans.Select(span => span.TraceId).Distinct());
        Assert.Equal(
            [
                ("storefront", ActivityKind.Server, "GET /orders/{id:int}", "/orders/{id:int}", null),
                ("storefront", ActivityKind.Client, "GET", null, "storefront: GET /orders/{id:int}"),
                ("orders", ActivityKind.Server, "GET /orders/{id:int}", "/orders/{id:int}", "storefront: GET"),
                ("orders", ActivityKind.Client, "SELECT orders", null, "orders: GET /orders/{id:int}"),
                ("orders", ActivityKind.Client, "GET", null, "orders: GET /orders/{id:int}"),
                ("catalog", ActivityKind.Server, "GET /api/Products/{sku}", "/api/Products/{sku}", "orders: GET"),
            ],
            shop.Spans.OrderBy(span => span.Start).Select(span => (
                span.Service,
                span.Kind,
                span.Name,
                span.Attributes.GetValueOrDefault("http.route"),
                span.ParentSpanId is { } parent ? names[parent] : null)));
    }

    [Theory]
    [InlineData("parentbased_always_on")]
    [InlineData("always_on")]
    [InlineData("traceidratio")]
    public async Task Noise_leaves_no_span_in_any_service(string sampler)
    {
        await using var shop = await RunningShop.StartAsync(("OTEL_TRACES_SAMPLER", sampler));
        await shop.GetAsync("/readyz");
        await shop.GetAsync("/health");
        await shop.GetAsync("/alive");
        await shop.GetAsync("/favicon.ico");
        await shop.GetAsync("/cart/ada/badge");
        await shop.StopAsync();

        Assert.Empty(shop.Outlines);
    }

    [Fact]
    public async Task Without_route_tracing_the_same_probes_leave_spans()
    {
        await using var shop = await RunningShop.StartAsync(("OTEL_TRACES_SAMPLER", "always_on"), ("Aspire__RouteTracing__Enabled", "false"));
        await shop.GetAsync("/health");
        await shop.StopAsync();

        // The template's own filter leaves out the probe's own span, and the calls below it are left without a parent.
        Assert.Equal(
            [
                """
                storefront: GET
                  orders: GET /readyz
                    orders: SELECT 1
                storefront: GET
                  catalog: GET /readyz
                """,
            ],
            shop.Outlines);
    }

    [Fact]
    public async Task Noise_is_counted_by_pattern_and_stays_out_of_the_durations()
    {
        await using var shop = await RunningShop.StartAsync();
        await shop.GetAsync("/");
        await shop.GetAsync("/readyz");
        await shop.GetAsync("/favicon.ico");
        await shop.GetAsync("/cart/ada/badge");
        await shop.StopAsync();

        Assert.Equal(
            [
                ("catalog", "^/readyz/?$", "200", 1),
                ("orders", "^/readyz/?$", "200", 1),
                ("storefront", "^/cart/[^/]+/badge$", "200", 1),
                ("storefront", @"^/favicon\.ico$", "204", 1),
                ("storefront", "^/readyz/?$", "200", 1),
            ],
            shop.Points
                .Where(point => point.Metric == "aspire.route_tracing.excluded_requests")
                .Select(point => (point.Service, point.Attributes["aspire.route_tracing.pattern"], point.Attributes["http.response.status_code"], point.Value))
                .Order());

        // What storefront's list excludes goes quiet in the traces of orders, too; its metrics are its own.
        Assert.Equal(
            [("orders", "/customers/{customer}/orders/count"), ("storefront", "/")],
            shop.Points
                .Where(point => point.Metric == "http.server.request.duration")
                .Select(point => (point.Service, point.Attributes["http.route"]))
                .Order());
    }

    [Fact]
    public async Task Logs_of_noise_keep_their_trace()
    {
        await using var shop = await RunningShop.StartAsync();
        await shop.GetAsync("/readyz");

        // Not after a stop: Aspire's template lets the exporter of logs send through HTTP clients that are disposed before it.
        var requests = await shop.WaitForLogsAsync(log => log.Text.StartsWith("Request finished", StringComparison.Ordinal), count: 3);

        Assert.Equal(["catalog", "orders", "storefront"], requests.Select(log => log.Service).Order());
        Assert.Single(requests.Select(log => log.TraceId).Distinct());
        Assert.All(requests, log => Assert.NotEqual("", log.TraceId));
    }
}
