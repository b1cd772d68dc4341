using AppHost.WithoutAspire.Traces;

namespace AppHost.Tests.Traces;

public class TraceTests
{
    private readonly SpanBuilder _spans = new();

    [Fact]
    public void An_outline_has_a_line_for_each_span_and_children_in_order_of_their_start()
    {
        var root = _spans.Add("storefront", "GET /orders/{id}");
        var call = _spans.Add("storefront", "GET", root);
        var served = _spans.Add("orders", "GET /orders/{id}", call, error: "500");
        var first = _spans.Add("orders", "SELECT", served);
        var second = _spans.Add("orders", "GET", served);

        var trace = Assert.Single(Trace.From([second, first, served, call, root]));

        Assert.Equal(
            """
            storefront: GET /orders/{id}
              storefront: GET
                orders: GET /orders/{id} (error)
                  orders: SELECT
                  orders: GET
            """,
            TraceOutline.Of(trace));
    }

    [Fact]
    public void A_span_whose_parent_did_not_come_stands_at_the_top()
    {
        var lost = _spans.Add("storefront", "GET /readyz");
        var orphan = _spans.Add("storefront", "GET", lost);
        var child = _spans.Add("orders", "GET /readyz", orphan);

        Assert.Equal(
            """
            storefront: GET
              orders: GET /readyz
            """,
            TraceOutline.Of(Assert.Single(Trace.From([orphan, child]))));
    }

    [Fact]
    public void Traces_come_in_order_of_their_start()
    {
        var first = _spans.Add("storefront", "first");
        var second = _spans.Add("storefront", "second");

        Assert.Equal([first.TraceId, second.TraceId], Trace.From([second, first]).Select(trace => trace.Id));
    }
}
