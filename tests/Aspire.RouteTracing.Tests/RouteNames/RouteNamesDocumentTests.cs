using System.Text;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>docs/route-names.md contains the names of requests.</summary>
public sealed class RouteNamesDocumentTests
{
    private const string Update = "UPDATE_SNAPSHOTS";

    private static readonly string Document = Path.Combine(Repository.Root, "docs", "route-names.md");

    [Fact]
    public async Task The_tables_contain_the_names_of_the_requests()
    {
        var text = (await File.ReadAllTextAsync(Document, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n");
        var tables = text.Split(RouteNamesDocument.Head);
        Assert.Equal(3, tables.Length);

        // The second table ends the document and contains the rows that differ from the first.
        var end = tables[1].IndexOf("\n\n", StringComparison.Ordinal) + 1;
        var (rows, between, rowsOn11) = (tables[1][..end], tables[1][end..], tables[2]);
        if (RouteNameRun.HasNativeTags)
        {
            rowsOn11 = await RowsAsync((shape, row) => !RouteNamesDocument.Rows(rows, shape).Contains(row, StringComparison.Ordinal));
        }
        else
        {
            rows = await RowsAsync((_, _) => true);
        }

        var expected = tables[0] + RouteNamesDocument.Head + rows + between + RouteNamesDocument.Head + rowsOn11;
        if (Environment.GetEnvironmentVariable(Update) == "1")
        {
            await File.WriteAllTextAsync(Document, expected, TestContext.Current.CancellationToken);
            return;
        }

        Assert.True(
            expected == text,
            $"docs/route-names.md does not hold what the requests are called. {Update}=1 has this test write its tables.");
    }

    private static async Task<string> RowsAsync(Func<string, string, bool> isShown)
    {
        var rows = new StringBuilder();
        foreach (var (shape, cases) in RouteNameCase.All)
        {
            var outcomes = await RouteNameRun.GetAsync(shape);
            var simple = await RouteNameRun.GetAsync(shape, RouteTemplateFormat.Simple);
            var stock = await RouteNameRun.RunAsync(shape, routeTracing: null);
            string[] shown =
            [
                .. cases
                    .Select((routeNameCase, i) => RouteNamesDocument.Row(routeNameCase, outcomes[i], simple[i], stock[i]))
                    .Where(row => isShown(shape, row)),
            ];
            if (shown.Length != 0)
            {
                rows.Append(RouteNamesDocument.Shape(shape)).AppendJoin("", shown);
            }
        }

        return rows.ToString();
    }
}
