namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>docs/route-names.md says what requests are called.</summary>
public class RouteNamesDocumentTests
{
    private const string Update = "UPDATE_SNAPSHOTS";

    private static readonly string Document = Path.Combine(Repository.Root, "docs", "route-names.md");

    [Fact]
    public async Task The_table_holds_what_the_requests_are_called()
    {
        var rows = new List<string>();
        foreach (var (shape, cases) in RouteNameCase.All)
        {
            var outcomes = await RouteNameRun.RunAsync(shape, _ => { });
            var simple = await RouteNameRun.RunAsync(shape, settings => settings.RouteTemplateFormat = RouteTemplateFormat.Simple);
            var stock = await RouteNameRun.RunAsync(shape, routeTracing: null);
            rows.Add(RouteNamesDocument.Shape(shape));
            rows.AddRange(cases.Select((routeNameCase, i) => RouteNamesDocument.Row(routeNameCase, outcomes[i], simple[i], stock[i])));
        }

        // The table ends the document.
        var text = (await File.ReadAllTextAsync(Document, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n");
        var expected = text[..text.IndexOf("| Endpoint |", StringComparison.Ordinal)] + RouteNamesDocument.Table(rows);
        if (Environment.GetEnvironmentVariable(Update) == "1")
        {
            await File.WriteAllTextAsync(Document, expected, TestContext.Current.CancellationToken);
            return;
        }

        Assert.True(expected == text, $"The table in docs/route-names.md is not what the requests are called. {Update}=1 has this test write it anew.");
    }
}
