using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Sends a request for each row of the table of docs/exclusion-lists.md.</summary>
public sealed class ExclusionListsDocumentTests
{
    public static TheoryData<string, string, string> Rows =>
    [
        .. File.ReadLines(Path.Combine(Repository.Root, "docs", "exclusion-lists.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Trim('|', ' ').Split(" | "))
            .Select(cells => (cells[0].Trim('`'), cells[1].Trim('`'), cells[2])),
    ];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_request_is_excluded_or_traced_as_the_table_says(string list, string url, string outcome)
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app => app.MapFallback("{**path}", () => TracedApp.Source.StartActivity("work")?.Dispose()),
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = list });
        using var request = new HttpRequestMessage(HttpMethod.Get, PathAndQuery(url));
        request.Headers.Host = Host(url);

        using var response = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal(outcome, app.SpanNames.Contains("work") ? "traced" : "excluded");
        Assert.Equal(outcome, app.RouteTracing().FindExclusion(url) is null ? "traced" : "excluded");
    }

    private static string PathAndQuery(string url) => url.StartsWith('/') ? url : new Uri(url).PathAndQuery;

    private static string? Host(string url) => url.StartsWith('/') ? null : new Uri(url).Authority;
}
