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

    [Fact]
    public void The_name_of_a_service_counts_with_each_thing_it_sent()
    {
        var telemetry = new Telemetry();
        for (var i = 0; i < 40; i++)
        {
            var service = new Resource
            {
                Attributes = { new KeyValue { Key = "service.name", Value = new() { StringValue = $"{i} {new string('x', 1024 * 1024)}" } } },
            };
            var export = Export(new Span());
            export.ResourceSpans[0].Resource = service;
            telemetry.Add(export);
            telemetry.Add(new ExportLogsServiceRequest
            {
                ResourceLogs = { new ResourceLogs { Resource = service, ScopeLogs = { new ScopeLogs { LogRecords = { new LogRecord() } } } } },
            });
            var sum = Sum("sold", value: 1);
            sum.ResourceMetrics[0].Resource = service;
            telemetry.Add(sum);
        }

        Assert.Equal((31, 31, 31), (telemetry.Spans.Count, telemetry.Logs.Count, telemetry.Points.Count));
    }

    [Fact]
    public void The_name_of_a_metric_counts_with_each_of_its_series()
    {
        var telemetry = new Telemetry();
        var export = Sum(new string('x', 1024 * 1024), value: 1);
        var sum = export.ResourceMetrics[0].ScopeMetrics[0].Metrics[0].Sum;
        sum.DataPoints.Clear();
        sum.DataPoints.AddRange(Enumerable.Range(0, 40).Select(i =>
            new NumberDataPoint { Attributes = { new KeyValue { Key = "product", Value = new() { IntValue = i } } } }));
        telemetry.Add(export);

        Assert.Equal(31, telemetry.Points.Count);
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
