using System.Text.Json;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>
/// <c>Data/flask-exclude-vectors.json</c> contains the results of <c>parse_excluded_urls(patterns).url_disabled(url)</c> of
/// opentelemetry-util-http. The table in docs/flask-parity.md contains the results that differ here, and the reasons.
/// </summary>
public sealed class FlaskParityTests
{
    private static readonly Dictionary<(string List, string Url), string> Flask = ReadVectors();
    private static readonly Dictionary<(string List, string Url), (string Flask, string Here, string Why)> Exceptions = ReadDocument();

    public static TheoryData<string, string> Vectors => [.. Flask.Keys.Select(vector => (vector.List, vector.Url))];

    [Theory]
    [MemberData(nameof(Vectors))]
    public void The_result_is_that_of_Flask_or_a_documented_difference(string list, string url)
    {
        var flask = Flask[(list, url)];
        var expected = flask;
        if (Exceptions.TryGetValue((list, url), out var exception))
        {
            Assert.Equal(flask, exception.Flask);
            Assert.NotEqual(flask, exception.Here);
            Assert.NotEmpty(exception.Why);
            expected = exception.Here;
        }

        Assert.Equal(expected, Answer(list, url));
    }

    [Fact]
    public void Every_documented_difference_is_in_the_data() => Assert.All(Exceptions.Keys, vector => Assert.Contains(vector, Flask.Keys));

    // Flask's own tests search any string, so this bypasses the parsing of URLs.
    private static string Answer(string list, string text)
    {
        var items = ExclusionListFormat.Parse(list, out var error);
        Assert.Null(error);
        var matcher = ExclusionMatcher.Build(items, matchFullUrl: true, out var problems);
        return matcher.Find(new RequestUrl { Path = text }) >= 0 ? "excluded"
            : problems.Any(problem => problem.IsIgnored) ? "error"
            : "traced";
    }

    private static Dictionary<(string List, string Url), string> ReadVectors()
    {
        using var document = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", "flask-exclude-vectors.json")));
        return document.RootElement.EnumerateArray().ToDictionary(
            vector => (vector.GetProperty("patterns").GetString()!, vector.GetProperty("url").GetString()!),
            vector => vector.GetProperty("excluded").ValueKind switch
            {
                JsonValueKind.True => "excluded",
                JsonValueKind.False => "traced",
                _ => "error",
            });
    }

    private static Dictionary<(string List, string Url), (string Flask, string Here, string Why)> ReadDocument() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Docs", "flask-parity.md"))
            .SkipWhile(line => line != "## Exclusion lists")
            .Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith('|'))
            .Skip(2)
            .Select(Cells)
            .ToDictionary(cells => (Text(cells[0]), Text(cells[1])), cells => (cells[2], cells[3], cells[4]));

    private static string[] Cells(string row) =>
        [.. row.Trim('|', ' ').Replace("\\|", "\0", StringComparison.Ordinal).Split('|').Select(cell => cell.Trim().Replace('\0', '|'))];

    private static string Text(string cell) =>
        cell == "(empty)" ? "" : cell.Trim('`').Replace('␠', ' ').Replace('␉', '\t').Replace('␊', '\n');
}
