using System.Collections.Concurrent;
using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Tests.FlaskParity;

/// <summary>Tests of OpenTelemetry's Flask instrumentation that no other test here covers.</summary>
public sealed class FlaskRequestTests
{
    [Fact]
    public async Task A_request_has_the_attributes_of_the_semantic_conventions()
    {
        await using var app = await StartAsync();

        app.Client.DefaultRequestHeaders.UserAgent.ParseAdd("curl/8.0");
        using var response = await app.GetAsync("/hello/123?token=secret");
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal(("GET /hello/{id:int}", ActivityKind.Server, ActivityStatusCode.Unset), (span.DisplayName, span.Kind, span.Status));
        Assert.Equal(
            [
                "http.request.method=GET",
                "http.response.status_code=200",
                "http.route=/hello/{id:int}",
                "network.protocol.version=1.1",
                "server.address=127.0.0.1",
                $"server.port={app.Port}",
                "url.path=/hello/123",
                "url.query=?token=Redacted",
                "url.scheme=http",
                "user_agent.original=curl/8.0",
            ],
            span.TagObjects.Where(tag => !IsOfDotNet11(tag.Key)).Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal));

        // ASP.NET Core 11 also sets the addresses of the client.
        static bool IsOfDotNet11(string tag) =>
            Environment.Version.Major >= 11 && tag is "client.address" or "network.peer.address" or "network.peer.port";
    }

    [Fact]
    public async Task The_address_and_the_port_are_those_of_the_Host_header()
    {
        string? seen = null;
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(
                settings => settings.RequestHook = (span, _) =>
                    seen = $"{span.GetTagItem("server.address")} {span.GetTagItem("server.port")}"),
            app => app.MapGet("/", () => "ok"));

        app.Client.DefaultRequestHeaders.Host = "api.test:8443";
        using var response = await app.GetAsync("/");

        Assert.Equal("api.test 8443", seen);
    }

    [Fact]
    public async Task An_unmatched_URL_has_no_route()
    {
        await using var app = await StartAsync();

        using var response = await app.Client.PostAsync("/bye", null, TestContext.Current.CancellationToken);
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal(("POST", ActivityStatusCode.Unset), (span.DisplayName, span.Status));
        Assert.Null(span.GetTagItem("http.route"));
        Assert.Null(span.GetTagItem("error.type"));
        Assert.Equal(404, span.GetTagItem("http.response.status_code"));
    }

    [Fact]
    public async Task An_exception_is_an_error_named_after_its_type()
    {
        await using var app = await StartAsync();

        using var response = await app.GetAsync("/error");
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal(("GET /error", ActivityStatusCode.Error), (span.DisplayName, span.Status));
        Assert.Equal(500, span.GetTagItem("http.response.status_code"));
        Assert.Equal("System.InvalidOperationException", span.GetTagItem("error.type"));
    }

    [Theory]
    [InlineData("get", "GET /hello/{id:int}", "GET")]
    [InlineData("NONSTANDARD", "HTTP /any", "_OTHER")]
    [InlineData("HEAD", "HEAD /any", "HEAD")]
    public async Task Methods_are_written_as_in_the_semantic_conventions(string method, string name, string attribute)
    {
        await using var app = await StartAsync();

        using var request = new HttpRequestMessage(
            new HttpMethod(method), name.EndsWith("/any", StringComparison.Ordinal) ? "/any" : "/hello/1");
        using var response = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal((name, attribute), (span.DisplayName, span.GetTagItem("http.request.method")));
    }

    [Fact]
    public async Task The_duration_counts_requests_by_route_method_and_status()
    {
        const string Protocol = "network.protocol.version=1.1 url.scheme=http";
        await using var app = await StartAsync();

        for (var id = 0; id < 3; id++)
        {
            using var response = await app.GetAsync($"/hello/{id}");
        }

        using var request = new HttpRequestMessage(new HttpMethod("NONSTANDARD"), "/bye");
        using var unmatched = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal(
            new Dictionary<string, long>
            {
                [$"http.request.method=GET http.response.status_code=200 http.route=/hello/{{id:int}} {Protocol}"] = 3,
                [$"aspnetcore.request.is_unhandled=True http.request.method=_OTHER http.response.status_code=404 {Protocol}"] = 1,
            },
            app.CountsOf("http.server.request.duration"));
    }

    [Theory]
    [InlineData("/hello/1")]
    [InlineData("/error")]
    [InlineData("/excluded")]
    public async Task The_number_of_active_requests_returns_to_zero(string path)
    {
        await using var app = await StartAsync();

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.Equal(
            new Dictionary<string, long> { ["http.request.method=GET url.scheme=http"] = 0 },
            app.CountsOf("http.server.active_requests"));
    }

    [Fact]
    public async Task Spans_on_other_threads_belong_to_the_trace_of_the_request()
    {
        await using var app = await StartAsync();

        using var response = await app.GetAsync("/threads", TraceParent.Sampled);
        await app.StopAsync();

        var server = Assert.Single(app.Spans, span => span.Kind == ActivityKind.Server);
        Assert.Equal((TraceParent.TraceId, TraceParent.SpanId), (server.TraceId.ToString(), server.ParentSpanId.ToString()));
        var children = app.Spans.Where(span => span.DisplayName == "child").ToList();
        Assert.Equal(5, children.Count);
        Assert.All(children, child => Assert.Equal(server.SpanId, child.ParentSpanId));
    }

    [Fact]
    public async Task Concurrent_requests_keep_their_own_traces_and_bodies()
    {
        await using var app = await StartAsync();
        var bodies = new ConcurrentDictionary<int, string>();

        await Parallel.ForEachAsync(Enumerable.Range(0, 40), TestContext.Current.CancellationToken, async (id, cancellation) =>
            bodies[id] = await app.Client.GetStringAsync($"/stream/{id}", cancellation));
        await app.StopAsync();

        Assert.All(bodies, body => Assert.Equal($"{body.Key} {body.Key} {body.Key} ", body.Value));
        var spans = app.Spans.Where(span => span.Kind == ActivityKind.Server).ToList();
        Assert.Equal(
            Enumerable.Range(0, 40).Select(id => $"/stream/{id}").Order(),
            spans.Select(span => span.GetTagItem("url.path")!.ToString()).Order());
        Assert.All(spans, span =>
        {
            Assert.Equal(span.GetTagItem("url.path"), $"/stream/{span.GetTagItem("id")}");
            Assert.Equal(3, app.Spans.Count(child => child.DisplayName == "chunk" && child.ParentSpanId == span.SpanId));
        });
    }

    [Fact]
    public async Task A_file_response_is_unchanged()
    {
        await using var app = await StartAsync();

        var file = await app.Client.GetByteArrayAsync("/file", TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal(Enumerable.Range(0, 100_000).Select(number => (byte)number), file);
        Assert.Equal(["GET /file"], app.SpanNames);
    }

    [Fact]
    public async Task Hooks_do_not_run_without_a_tracer_provider()
    {
        var called = false;
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.AddRouteTracing(settings => settings.RequestHook = (_, _) => called = true);
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/", () => "ok");
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient();

        Assert.Equal("ok", await client.GetStringAsync(app.Urls.Single(), TestContext.Current.CancellationToken));
        Assert.False(called);
    }

    // Every feature is enabled, because none of them may affect the result.
    private static Task<TracedApp> StartAsync() => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(settings =>
        {
            settings.ExcludedUrls.Add("^/excluded$");
            settings.RequestHook = (span, request) =>
            {
                if (request.RouteValues.TryGetValue("stream", out var id))
                {
                    span.SetTag("id", id);
                }
            };
            settings.ResponseHook = (_, response) => response.Headers["x-hook"] = "was here";
            settings.ResponsePropagators = ResponsePropagators.TraceResponse | ResponsePropagators.ServerTiming;
        }),
        app =>
        {
            app.MapGet("/hello/{id:int}", (int id) => $"Hello {id}");
            app.Map("/any", () => "ok");
            app.MapGet("/excluded", () => "ok");
            app.MapGet("/error", string () => throw new InvalidOperationException("boom"));
            app.MapGet("/file", () => Results.Bytes([.. Enumerable.Range(0, 100_000).Select(number => (byte)number)]));
            app.MapGet(
                "/threads",
                () => Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(() => TracedApp.Source.StartActivity("child")?.Dispose()))));
            app.MapGet("/stream/{stream:int}", async (int stream, HttpResponse response) =>
            {
                for (var chunk = 0; chunk < 3; chunk++)
                {
                    using var child = TracedApp.Source.StartActivity("chunk");
                    await response.WriteAsync($"{stream} ");
                    await response.Body.FlushAsync();
                }
            });
        });
}
