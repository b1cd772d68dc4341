using AppHost.WithoutAspire.Traces;

namespace AppHost.Tests.Traces;

public class ExpectedTracesTests
{
    private readonly SpanBuilder _spans = new();
    private readonly ExpectedTraces _expected = ExpectedTraces.Parse(
        """
        # Two of one kind and one of another.

        storefront: GET /

        storefront: GET /

        storefront: GET /orders/{id}
          storefront: GET
        """);

    [Fact]
    public void The_same_traces_in_another_order_make_no_difference()
    {
        var orders = _spans.Add("storefront", "GET /orders/{id}");
        var call = _spans.Add("storefront", "GET", orders);

        Assert.Null(_expected.DifferenceTo(Trace.From([orders, call, _spans.Add("storefront", "GET /"), _spans.Add("storefront", "GET /")])));
    }

    [Fact]
    public void The_difference_names_what_is_missing_and_what_is_there_besides()
    {
        var orders = _spans.Add("storefront", "GET /orders/{id}");
        var call = _spans.Add("storefront", "GET", orders);
        var probe = _spans.Add("storefront", "GET /readyz");
        var probed = _spans.Add("orders", "GET /readyz", probe);

        Assert.Equal(
            """
            The traces are not the expected ones (-: did not come, +: was not expected).

            - storefront: GET /

            + storefront: GET /readyz
            +   orders: GET /readyz

            """,
            _expected.DifferenceTo(Trace.From([orders, call, _spans.Add("storefront", "GET /"), probe, probed])));
    }

    [Fact]
    public void The_file_of_the_playground_expects_traces() =>
        Assert.NotNull(ExpectedTraces.OfOneRound.DifferenceTo([]));
}
