using AppHost.WithoutAspire.Otlp;
using AppHost.WithoutAspire.Traces;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AppHost.Tests.Traces;

public class TraceTreeTests
{
    private readonly SpanBuilder _spans = new();

    [Fact]
    public void A_trace_is_shown_as_a_tree_with_durations_and_errors()
    {
        var root = _spans.Add("storefront", "GET /orders/{id}");
        var call = _spans.Add("storefront", "GET", root);
        var served = _spans.Add("orders", "GET /orders/{id}", call, error: "System.TimeoutException");
        var query = _spans.Add("orders", "SELECT", root);

        Assert.Equal(
            """
            trace 00000000000000000000000000000001
            └── storefront GET /orders/{id} 12.3 ms
                ├── storefront GET 12.3 ms
                │   └── orders GET /orders/{id} 12.3 ms System.TimeoutException
                └── orders SELECT 12.3 ms
            """,
            Text(TraceTree.Of(Trace.From([root, call, served, query]).Single())));
    }

    [Fact]
    public void Names_are_shown_as_they_are_whatever_they_look_like()
    {
        var span = _spans.Add("storefront", "GET [red]{id:regex(^[0-9]$)}[/]");

        Assert.Contains("GET [red]{id:regex(^[0-9]$)}[/]", Text(TraceTree.Of(Trace.From([span]).Single())), StringComparison.Ordinal);
    }

    [Fact]
    public void Excluded_requests_are_shown_by_pattern_and_status()
    {
        ReceivedPoint[] points =
        [
            new("storefront", "http.server.request.duration", new Dictionary<string, string>(), 5),
            Excluded("storefront", "^/cart/[^/]+/badge$", 200, 3),
            Excluded("orders", "^/readyz$", 503, 1),
        ];

        Assert.Equal(
            """
                               Excluded requests
            ┌────────────┬─────────────────────┬────────┬──────────┐
            │ service    │ pattern             │ status │ requests │
            ├────────────┼─────────────────────┼────────┼──────────┤
            │ orders     │ ^/readyz$           │ 503    │        1 │
            │ storefront │ ^/cart/[^/]+/badge$ │ 200    │        3 │
            └────────────┴─────────────────────┴────────┴──────────┘
            """.Trim(),
            Text(ExcludedRequests.Table(points)).Trim());
    }

    private static ReceivedPoint Excluded(string service, string pattern, int status, int count) => new(
        service,
        ExcludedRequests.Metric,
        new Dictionary<string, string> { [ExcludedRequests.PatternTag] = pattern, [ExcludedRequests.StatusTag] = $"{status}" },
        count);

    private static string Text(IRenderable renderable)
    {
        using var text = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new() { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 120;
        console.Profile.Capabilities.Unicode = true;
        console.Write(renderable);
        return string.Join('\n', text.ToString().Split('\n').Select(line => line.TrimEnd())).TrimEnd();
    }
}
