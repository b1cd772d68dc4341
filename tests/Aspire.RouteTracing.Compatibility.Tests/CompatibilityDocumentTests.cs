using System.Text;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>docs/compatibility.md says what spans the requests of other libraries export.</summary>
public sealed class CompatibilityDocumentTests
{
    private const string Update = "UPDATE_SNAPSHOTS";

    private static readonly string Document = Path.Combine(Repository.Root, "docs", "compatibility.md");

    [Fact]
    public async Task The_table_holds_the_spans_that_the_requests_export()
    {
        var text = (await File.ReadAllTextAsync(Document, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n");

        // The table ends the document.
        var parts = text.Split(CompatibilityDocument.Head);
        Assert.Equal(2, parts.Length);

        var expected = new StringBuilder(parts[0] + CompatibilityDocument.Head);
        foreach (var library in CompatibilityDocument.Libraries)
        {
            foreach (var use in library.Uses)
            {
                expected.Append(await CompatibilityDocument.RowAsync(library, use));
            }
        }

        if (Environment.GetEnvironmentVariable(Update) == "1")
        {
            await File.WriteAllTextAsync(Document, expected.ToString(), TestContext.Current.CancellationToken);
            return;
        }

        Assert.True(
            expected.ToString() == text,
            $"docs/compatibility.md does not hold what the requests export. {Update}=1 has this test write its table.");
    }
}
