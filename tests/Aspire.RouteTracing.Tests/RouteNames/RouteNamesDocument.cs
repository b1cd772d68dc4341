using System.Text;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>Writes the tables of docs/route-names.md.</summary>
internal static class RouteNamesDocument
{
    public const string Head = """
        | Endpoint | Request | Span | Metric | `Simple` | `error.type` | Without route tracing |
        | --- | --- | --- | --- | --- | --- | --- |

        """;

    public static string Shape(string name) => $"| **{name}** | | | | | | |\n";

    /// <summary>Returns the rows of a shape in a table.</summary>
    public static string Rows(string table, string shape)
    {
        var rows = table[table.IndexOf(Shape(shape), StringComparison.Ordinal)..][Shape(shape).Length..];
        var next = rows.IndexOf("| **", StringComparison.Ordinal);
        return next < 0 ? rows : rows[..next];
    }

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
            differences.Add(Error(stock).Length == 0 ? "no error" : $"error {Error(stock)}");
        }

        return differences.Count == 0 ? "=" : string.Join(", ", differences);
    }

    private static string Error(RouteNameOutcome outcome)
    {
        var error = outcome.ErrorType is null && !outcome.Exception && outcome.MetricErrorType is null ? "" : Code(outcome.ErrorType);
        return error
            + (outcome.Exception ? " and event" : "")
            + (Equals(outcome.MetricErrorType, outcome.ErrorType) ? "" : $", metric {Code(outcome.MetricErrorType)}");
    }

    private static string Code(object? text) => text is null ? "none" : $"`{text}`";
}
