using System.Text;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>Writes the table of docs/route-names.md.</summary>
internal static class RouteNamesDocument
{
    public static string Table(IEnumerable<string> rows) => string.Concat(
    [
        "| Endpoint | Request | Span | Metric | `Simple` | `error.type` | Without route tracing |\n",
        "| --- | --- | --- | --- | --- | --- | --- |\n",
        .. rows,
    ]);

    public static string Shape(string name) => $"| **{name}** | | | | | | |\n";

    public static string Row(RouteNameCase routeNameCase, RouteNameOutcome outcome, RouteNameOutcome simple, RouteNameOutcome stock)
    {
        var row = new StringBuilder("|");
        foreach (var cell in new[]
        {
            routeNameCase.Endpoint,
            $"{Code(routeNameCase.Request)}: {outcome.Status}",
            Code(outcome.Name),
            Equals(outcome.MetricRoute, outcome.Route) ? "=" : Code(outcome.MetricRoute),
            Equals(simple.Route, outcome.Route) ? "=" : Code(simple.Route),
            Error(outcome),
            Stock(outcome, stock),
        })
        {
            row.Append(' ').Append(cell).Append(cell.Length == 0 ? "|" : " |");
        }

        return row.Append('\n').ToString();
    }

    private static string Stock(RouteNameOutcome outcome, RouteNameOutcome stock)
    {
        var differences = new List<string>();
        if (stock.Name != outcome.Name)
        {
            differences.Add(Code(stock.Name));
        }

        if (!Equals(stock.MetricRoute, outcome.MetricRoute))
        {
            differences.Add($"metric {Code(stock.MetricRoute)}");
        }

        if (Error(stock) != Error(outcome))
        {
            differences.Add($"error {Error(stock)}");
        }

        return differences.Count == 0 ? "=" : string.Join(", ", differences);
    }

    private static string Error(RouteNameOutcome outcome)
        => outcome.ErrorType is null && !outcome.Exception ? "" : Code(outcome.ErrorType) + (outcome.Exception ? " and event" : "");

    private static string Code(object? text) => text is null ? "none" : $"`{text}`";
}
