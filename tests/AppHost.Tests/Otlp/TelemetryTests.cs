using AppHost.WithoutAspire.Otlp;
using AppHost.WithoutAspire.Otlp.Messages;

namespace AppHost.Tests.Otlp;

public class TelemetryTests
{
    [Fact]
    public void The_oldest_spans_give_way_to_the_latest()
    {
        var telemetry = new Telemetry();
        var name = new string('x', 1024 * 1024);
        for (var i = 0; i < 40; i++)
        {
            telemetry.Add(Export(new Span { Name = $"{i} {name}" }));
        }

        Assert.Equal(Enumerable.Range(9, 31), telemetry.Spans.Select(span => int.Parse(span.Name.Split(' ')[0], null)));
    }

    [Fact]
    public void Empty_spans_are_bounded_in_number()
    {
        var telemetry = new Telemetry();
        telemetry.Add(Export([.. Enumerable.Range(0, 200_000).Select(_ => new Span())]));

        Assert.InRange(telemetry.Spans.Count, 1, 100_000);
    }

    [Fact]
    public void New_series_are_left_out_where_there_are_too_many()
    {
        var telemetry = new Telemetry();
        for (var i = 0; i < 200_000; i++)
        {
            telemetry.Add(Sum($"metric {i}", value: 1));
        }

        telemetry.Add(Sum("metric 0", value: 2));

        Assert.InRange(telemetry.Points.Count, 1, 100_000);
        Assert.Equal(2, telemetry.Points.Single(point => point.Metric == "metric 0").Value);
    }

    private static ExportTraceServiceRequest Export(params Span[] spans)
    {
        var scope = new ScopeSpans();
        scope.Spans.AddRange(spans);
        return new() { ResourceSpans = { new ResourceSpans { ScopeSpans = { scope } } } };
    }

    private static ExportMetricsServiceRequest Sum(string metric, int value) => new()
    {
        ResourceMetrics =
        {
            new ResourceMetrics
            {
                ScopeMetrics = { new ScopeMetrics { Metrics = { new Metric { Name = metric, Sum = new() { DataPoints = { new NumberDataPoint { AsInt = value } } } } } } },
            },
        },
    };
}
