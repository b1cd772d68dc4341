using System.Text.RegularExpressions;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.FlaskParity;

/// <summary>Sends a request over a socket for each row of the table "The text that is searched" of docs/flask-parity.md.</summary>
public sealed class SearchedTextTests
{
    public static TheoryData<string, string, string, string> Rows =>
    [
        .. File.ReadLines(Path.Combine(Repository.Root, "docs", "flask-parity.md"))
            .SkipWhile(line => line != "## The text that is searched")
            .Where(line => line.StartsWith("| `/", StringComparison.Ordinal))
            .TakeWhile(line => line.Contains("test` |", StringComparison.Ordinal) || line.Contains("test:", StringComparison.Ordinal))
            .Select(line => line.Trim('|', ' ').Split(" | ").Select(cell => cell.Trim('`')).ToArray())
            .Select(cells => (cells[0], cells[1], cells[2], cells[3])),
    ];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_request_is_searched_as_the_table_says(string request, string host, string flask, string here)
    {
        await using var app = await StartAsync(here, flask);

        var answer = await SendAsync(app.Port, request, host);

        Assert.Equal(Item(here), answer);
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task FindExclusion_searches_the_same_text_as_the_request(string request, string host, string flask, string here)
    {
        await using var app = await StartAsync(here, flask);

        // Clients send the host in lower case.
        Assert.Equal(Item(host == "SHOP.test" ? flask : here), app.RouteTracing().FindExclusion($"http://{host}{request}")?.Pattern);
    }

    [Theory]
    [InlineData("http://пример.test/x")]
    [InlineData("http://xn--e1afmkfd.test/x")]
    [InlineData("http://ПРИМЕР.test:80/x")]
    public async Task A_host_is_searched_in_Unicode(string url)
    {
        await using var app = await StartAsync("http://пример.test/x", "http://xn--e1afmkfd.test/x");

        Assert.Equal(Item("http://пример.test/x"), app.RouteTracing().FindExclusion(url)?.Pattern);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x");
        request.Headers.Host = new Uri(url).IdnHost;
        using var response = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(Item("http://пример.test/x"), await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/health%0A")]
    [InlineData("/health%0a/x")]
    public async Task A_path_with_a_line_break_is_traced(string path)
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app => app.MapFallback("{**path}", () => "home"),
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/health$,^/health,(?m)^/[h]ealth$" });

        await SendAsync(app.Port, path, $"127.0.0.1:{app.Port}");
        await app.StopAsync();

        Assert.Single(app.Spans);
        Assert.Null(app.RouteTracing().FindExclusion(path));
    }

    private static Task<TracedApp> StartAsync(params string[] texts) =>
        TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.MatchFullUrl = true;
                foreach (var text in texts)
                {
                    settings.ExcludedUrls.Add(Item(text));
                }
            }),
            app => app.MapFallback(
                "{**path}", (HttpContext context, IRouteTracing tracing) => tracing.FindExclusion(context.Request)?.Pattern ?? "traced"));

    private static string Item(string text) => $"^{Regex.Escape(text)}$";

    private static async Task<string> SendAsync(int port, string request, string host)
    {
        var answer = await RawRequest.SendAsync(port, $"GET {request} HTTP/1.1", $"Host: {host}");
        var body = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];

        // One chunk (its length and its content), then the last chunk.
        return answer.Contains("chunked", StringComparison.Ordinal) ? body.Split("\r\n")[1] : body;
    }
}
