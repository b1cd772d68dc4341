using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Aspire.RouteTracing.Tests.Apps;
using CsCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Sends malformed and random requests over a socket to an application in which every feature is enabled.</summary>
public sealed class HostileRequestTests
{
    private static readonly Gen<string> Path = Gen.OneOf(
            "/", "hidden", "hid", "den", "%68idden", "h%C3%AFdden", "a", "%", "%2", "%2F", "%zz", "%C3", "%C3%A9", "%FF", "%ED%A0%80",
            "%F0%9F%98%80", "%00",
            "é", "..", ".", "%2e%2e", "//", "?", "#", ";", "\\", "\t", "http://x/", "*")
        .Array[0, 6]
        .Select(tokens => "/" + string.Concat(tokens));

    private static readonly Gen<string> Hex = Gen.Char["0123456789abcdefABCDEFg-"].Array[0, 40].Select(
        characters => new string(characters));

    private static readonly Gen<string> TraceParents = Gen.OneOf(
        Gen.Const(TraceParent.Sampled),
        Gen.Const(TraceParent.Unsampled),
        Gen.Const("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff-x"),
        Gen.Const("00-00000000000000000000000000000000-0000000000000000-01"),
        Gen.Select(Hex, Hex, Hex, (traceId, spanId, flags) => $"00-{traceId}-{spanId}-{flags}"));

    private static readonly Gen<string> Value = Gen.OneOf(
        Gen.Const(""),
        Gen.Char["aZ09=,;:%\"\t \\é\u0080\u00ffÃ(<@"].Array[0, 60].Select(characters => new string(characters)),
        Gen.OneOf("aspire-excluded=", "0af7651916cd43dd8448eb211c80319c", ",", "a=1", " ").Array[0, 40].Select(string.Concat));

    private static readonly Gen<string> Header = Gen.OneOf(
        TraceParents.Select(value => "traceparent: " + value),
        Gen.Select(
            Gen.OneOf(
                "traceparent", "tracestate", "baggage", "Correlation-Context", "Request-Id", "x-tenant", "x-Ä", "cookie", "Origin", ""),
            Value,
            (name, value) => $"{name}: {value}"));

    private static readonly Gen<string> Request = Gen.Select(
        Gen.OneOf("GET", "GET", "GET", "POST", "get", "H!", "PURGE", "é"), Path, Header.Array[0, 5])
        .Select((method, path, headers) => $"{method} {path} HTTP/1.1\r\n{string.Concat(headers.Select(header => header + "\r\n"))}");

    [Fact]
    public async Task Random_requests_have_the_same_responses_and_spans_with_route_tracing()
    {
        await using var stock = await StartAsync(
            builder => builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddAspNetCoreInstrumentation()), []);
        await using var traced = await StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.ResponsePropagators = ResponsePropagators.TraceResponse | ResponsePropagators.ServerTiming;
                settings.RequestHook = (_, _) => throw new InvalidOperationException();
                settings.ResponseHook = (_, _) => throw new InvalidOperationException();
            }),
            new()
            {
                ["OTEL_DOTNET_EXCLUDED_URLS"] = "hidden,h[ï]dden,^(?=/a+$)",
                ["OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST"] = ".*",
                ["Aspire:RouteTracing:ExclusionKey"] = CallingServices.Key,
            });
        using var toStock = new RawClient(stock.Port);
        using var toTraced = new RawClient(traced.Port);

        await Request.SampleAsync(
            async request => Assert.Equal(await toStock.SendAsync(request), await toTraced.SendAsync(request)),
            iter: 4_000,
            threads: 1);
        await stock.StopAsync();
        await traced.StopAsync();

        Assert.InRange(traced.Spans.Count, 1_000, stock.Spans.Count - 100);
        Assert.Equal(
            stock.Spans.Select(PathAndParent).Where(span => !IsExcluded(span.Path)),
            traced.Spans.Select(PathAndParent));
    }

    [Fact]
    public async Task FindExclusion_agrees_with_the_exclusion_of_the_request()
    {
        await using var app = await StartAsync(
            builder => builder.AddRouteTracing(), new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/h[iï]dden/.*$" });
        using var client = new RawClient(app.Port);
        string[] paths =
        [
            "/hidden/%FF", "/h%C3%AFdden/", "/h%C3dden/", "/hidden/%ED%A0%80", "/hidden%2F", "/hidden/%2F", "/%68%69dden/%zz",
            "/hidden/" + new string('a', 8_000),
            "/" + new string('a', 8_000),
            "/hidden/" + string.Concat(Enumerable.Repeat("%C3%A9", 1_300)),
            "/hidden/" + string.Concat(Enumerable.Repeat("%FF", 2_600)),
        ];
        foreach (var path in paths)
        {
            Assert.StartsWith("HTTP/1.1 200", await client.SendAsync($"GET {path} HTTP/1.1\r\n"), StringComparison.Ordinal);
        }

        await app.StopAsync();

        var traced = paths.Where(path => app.RouteTracing().FindExclusion(path) is null).ToList();
        Assert.Equal(["/h%C3dden/", "/hidden%2F", "/" + new string('a', 8_000)], traced);
        Assert.Equal(traced.Count, app.Spans.Count);
    }

    [Fact]
    public async Task Ten_thousand_distinct_paths_do_not_change_a_decision()
    {
        await using var app = await StartAsync(
            builder => builder.AddRouteTracing(), new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/hidden/[0-9]+$,^/hot$" });

        for (var i = 0; i < 10_000; i++)
        {
            using var junk = await app.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/{(i % 2 == 0 ? "hidden" : "shown")}/{i}"));
            if (i % 10 == 0)
            {
                using var hot = await app.GetAsync("/hot");
            }
        }

        await app.StopAsync();

        Assert.Equal(
            Enumerable.Range(0, 5_000).Select(i => $"/shown/{(2 * i) + 1}"),
            app.Spans.Select(span => span.GetTagItem("url.path")));
    }

    private static (string Path, string? Parent) PathAndParent(Activity span) => ((string)span.GetTagItem("url.path")!, span.ParentId);

    private static bool IsExcluded(string path) => Regex.IsMatch(PathString.FromUriComponent(path).Value!, "h[iï]dden|^/a+$");

    private static Task<TracedApp> StartAsync(Action<WebApplicationBuilder> configure, Dictionary<string, string?> configuration) =>
        TracedApp.StartAsync(
            configure,
            app => app.Map(
                "/{**path}",
                (HttpContext context) => { context.Response.Headers["x-path"] = Uri.EscapeDataString(context.Request.Path.Value!); }),
            configuration);

    /// <summary>A connection that is reopened when the server closes it.</summary>
    private sealed class RawClient(int port) : IDisposable
    {
        private readonly byte[] _answer = new byte[64 * 1024];
        private TcpClient _client = new("127.0.0.1", port);

        /// <summary>The status code, and the path that the application received.</summary>
        public async Task<string> SendAsync(string request)
        {
            await _client.GetStream().WriteAsync(Encoding.Latin1.GetBytes($"{request}Host: 127.0.0.1:{port}\r\n\r\n"));
            var answer = "";
            while (!answer.EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                var read = await _client.GetStream().ReadAsync(_answer, TestContext.Current.CancellationToken).AsTask().WithinAMinute();
                Assert.NotEqual(0, read);
                answer += Encoding.Latin1.GetString(_answer, 0, read);
            }

            if (answer.Contains("Connection: close", StringComparison.Ordinal))
            {
                _client.Dispose();
                _client = new TcpClient("127.0.0.1", port);
            }

            var lines = answer.Split("\r\n");
            return string.Join(' ', lines.Where(line => line == lines[0] || line.StartsWith("x-path", StringComparison.Ordinal)));
        }

        public void Dispose() => _client.Dispose();
    }
}
