using System.Diagnostics;
using System.Text.RegularExpressions;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.RouteTracing.Integrations.Tests;

/// <summary>
/// The Flask application of the playground and the same application here trace the same requests with the same list. Needs Python and the
/// packages of playground/reviews/requirements.txt.
/// </summary>
public sealed partial class FlaskApplicationTests
{
    private static readonly string[] Urls =
    [
        "/readyz",
        "/readyz?full=1",
        "/products/tea-pot/reviews",
        "/products/tea-pot/reviews?page=2",
        "/products/no-such-thing/reviews",
        "/ready%7A",
        "/caf%C3%A9",
        "/unmatched",
    ];

    [Theory]
    [InlineData("")]
    [InlineData("readyz")]
    [InlineData("/readyz$")]
    [InlineData("/readyz(\\?.*)?$,unmatched")]
    [InlineData("products/.*/reviews")]
    [InlineData("^http://127.0.0.1:[0-9]+/readyz")]
    [InlineData("page=[0-9]+$ , café")]
    [InlineData("^/readyz$")]
    public async Task A_list_excludes_the_same_requests_as_in_Flask(string list)
    {
        var flask = await RunFlaskAsync(list);
        var here = await RunHereAsync(list);

        Assert.Equal(flask.Keys.Order(), here.Keys.Order());
        Assert.All(
            flask.Keys.Where(url => url.Contains("ready", StringComparison.Ordinal) || url.Contains("reviews", StringComparison.Ordinal)),
            url => Assert.Equal(flask[url], here[url]));
    }

    private static async Task<Dictionary<string, string>> RunHereAsync(string list)
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.MatchFullUrl = true),
            app =>
            {
                app.MapGet("/products/{sku}/reviews", (string sku) => sku == "tea-pot" ? Results.Ok() : Results.NotFound());
                app.MapGet("/readyz", () => "Healthy");
            },
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = list });

        await SendAllAsync(app.Client.BaseAddress!);
        await app.StopAsync();

        return app.Spans.ToDictionary(span => UrlOf(span.TraceId.ToString()), span => span.DisplayName);
    }

    private static async Task<Dictionary<string, string>> RunFlaskAsync(string list)
    {
        using var process = Start(new()
        {
            ["PORT"] = "0",
            ["PYTHONUNBUFFERED"] = "1",
            ["OTEL_PYTHON_EXCLUDED_URLS"] = list,
            ["OTEL_TRACES_EXPORTER"] = "console",
            ["OTEL_METRICS_EXPORTER"] = "none",
            ["OTEL_LOGS_EXPORTER"] = "none",
        });
        try
        {
            var spans = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var address = await ReadAddressAsync(process.StandardError);
            var log = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await SendAllAsync(address);

            // The exporter writes the remaining spans when Python exits.
            using var interrupt = Process.Start("kill", ["-INT", $"{process.Id}"]);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            await log;
            return SpanOfConsoleExporter().Matches(await spans).ToDictionary(
                span => UrlOf(span.Groups["trace"].Value),
                span => span.Groups["name"].Value.Replace('<', '{').Replace('>', '}'));
        }
        finally
        {
            process.Kill();
        }
    }

    // Each URL has its own trace, which identifies its span.
    private static async Task SendAllAsync(Uri server)
    {
        using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = server };
        for (var i = 0; i < Urls.Length; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Urls[i]);
            request.Headers.Add("traceparent", $"00-{i + 1:x32}-b7ad6b7169203331-01");
            using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        }
    }

    private static string UrlOf(string traceId) => Urls[Convert.ToInt32(traceId[24..], 16) - 1];

    private static async Task<Uri> ReadAddressAsync(StreamReader log)
    {
        var lines = new List<string>();
        while (await log.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            lines.Add(line);
            if (RunningOn().Match(line) is { Success: true } match)
            {
                return new Uri(match.Groups["address"].Value);
            }
        }

        throw new InvalidOperationException($"Flask did not start:\n{string.Join('\n', lines)}");
    }

    private static Process Start(Dictionary<string, string> environment)
    {
        var installed = Path.Combine(ReviewsFolder, ".venv/bin/python");
        var start = new ProcessStartInfo(File.Exists(installed) ? installed : "python3", ["app.py"])
        {
            WorkingDirectory = ReviewsFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static string ReviewsFolder => Path.Combine(Repository.Root, "playground/reviews");

    [GeneratedRegex("""
        "name": "(?<name>[^"]*)",\s*"context": \{\s*"trace_id": "0x(?<trace>[0-9a-f]{32})"
        """)]
    private static partial Regex SpanOfConsoleExporter();

    [GeneratedRegex("Running on (?<address>http://[0-9.]+:[0-9]+)")]
    private static partial Regex RunningOn();
}
