using System.Globalization;
using AppHost.WithoutAspire.Otlp;
using Spectre.Console;

namespace AppHost.WithoutAspire.Traces;

/// <summary>What was excluded, by which pattern and how it was answered, as the services count it.</summary>
internal static class ExcludedRequests
{
    public const string Metric = "aspire.route_tracing.excluded_requests";
    public const string PatternTag = "aspire.route_tracing.pattern";
    public const string StatusTag = "http.response.status_code";

    public static Table Table(IEnumerable<ReceivedPoint> points)
    {
        var table = new Table().Title("Excluded requests").AddColumns("service", "pattern", "status");
        table.AddColumn("requests", column => column.RightAligned());
        foreach (var point in points.Where(point => point.Metric == Metric).OrderBy(point => point.Service, StringComparer.Ordinal))
        {
            table.AddRow(
                new Text(point.Service),
                new Text(point.Attributes.GetValueOrDefault(PatternTag, "")),
                new Text(point.Attributes.GetValueOrDefault(StatusTag, "")),
                new Text(point.Value.ToString(CultureInfo.InvariantCulture)));
        }

        return table;
    }
}
