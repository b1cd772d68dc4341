using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.ResponsePropagation;

/// <summary>Response headers contain the trace of the request.</summary>
public sealed class ResponsePropagationTests
{
    [Fact]
    public async Task No_header_is_written_by_default()
    {
        await using var app = await StartAsync(null);

        using var response = await app.GetAsync("/");

        Assert.Null(Header(response, "traceresponse"));
        Assert.Null(Header(response, "Server-Timing"));
        Assert.Null(Header(response, "Access-Control-Expose-Headers"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/unmatched")]
    [InlineData("/handled-boom")]
    public async Task A_traceresponse_names_the_server_span(string path)
    {
        await using var app = await StartAsync("TraceResponse");

        using var response = await app.GetAsync(path, TraceParent.Sampled);
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal($"00-{TraceParent.TraceId}-{span.SpanId}-01", Header(response, "traceresponse"));
        Assert.Equal("traceresponse", Header(response, "Access-Control-Expose-Headers"));
        Assert.Null(Header(response, "Server-Timing"));
    }

    [Fact]
    public async Task Server_Timing_contains_the_trace()
    {
        await using var app = await StartAsync("ServerTiming");

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal($"traceparent;desc=\"00-{span.TraceId}-{span.SpanId}-01\"", Header(response, "Server-Timing"));
        Assert.Equal("Server-Timing", Header(response, "Access-Control-Expose-Headers"));
        Assert.Null(Header(response, "traceresponse"));
    }

    [Fact]
    public async Task Existing_headers_are_kept_and_no_name_is_exposed_twice()
    {
        await using var app = await StartAsync("TraceResponse, ServerTiming");

        using var response = await app.GetAsync("/with-headers");
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal(
            "X-Own, server-timing, X-More, traceresponse",
            string.Join(", ", Header(response, "Access-Control-Expose-Headers")!.Split(',', StringSplitOptions.TrimEntries)));
        Assert.Equal($"db;dur=53, traceparent;desc=\"00-{span.TraceId}-{span.SpanId}-01\"", Header(response, "Server-Timing"));
    }

    [Fact]
    public async Task The_flags_of_an_unsampled_request_are_00()
    {
        await using var app = await StartAsync("TraceResponse");

        using var response = await app.GetAsync("/", TraceParent.Unsampled);
        await app.StopAsync();

        Assert.Empty(app.Spans);
        Assert.Matches($"^00-{TraceParent.TraceId}-[0-9a-f]{{16}}-00$", Header(response, "traceresponse"));
    }

    [Theory]
    [InlineData("/excluded", TraceParent.Sampled)]
    [InlineData("/excluded", TraceParent.Unsampled)]
    [InlineData("/excluded/renamed", TraceParent.Sampled)]
    [InlineData("/by-endpoint", TraceParent.Sampled)]
    [InlineData("/by-endpoint", TraceParent.Unsampled)]
    [InlineData("/by-endpoint/silent", TraceParent.Sampled)]
    [InlineData("/by-endpoint/renamed", TraceParent.Sampled)]
    public async Task A_response_to_an_excluded_request_has_no_header(string path, string parent)
    {
        await using var app = await StartAsync("TraceResponse,ServerTiming");

        using var response = await app.GetAsync(path, parent);

        response.EnsureSuccessStatusCode();
        Assert.Null(Header(response, "traceresponse"));
        Assert.Null(Header(response, "Server-Timing"));
    }

    [Fact]
    public async Task Headers_set_in_code_are_not_written_while_suspended()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ResponsePropagators = ResponsePropagators.TraceResponse),
            app => app.MapGet("/", () => "ok"));

        using var response = await app.GetAsync("/");
        using var suspension = app.RouteTracing().Suspend();
        using var suspended = await app.GetAsync("/");

        Assert.NotNull(Header(response, "traceresponse"));
        Assert.Null(Header(suspended, "traceresponse"));
    }

    [Fact]
    public async Task Response_hooks_can_read_the_headers()
    {
        string? seen = null;
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.ResponsePropagators = ResponsePropagators.TraceResponse;
                settings.ResponseHook = (_, response) => seen = response.Headers["traceresponse"];
            }),
            app => app.MapGet("/", () => "ok"));

        using var response = await app.GetAsync("/");

        Assert.NotNull(seen);
        Assert.Equal(seen, Header(response, "traceresponse"));
    }

    [Fact]
    public async Task A_traced_request_whose_span_is_named_excluded_has_the_headers()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ResponsePropagators = ResponsePropagators.TraceResponse),
            app => app.MapGet("/", () => Activity.Current!.DisplayName = "excluded"));

        using var response = await app.GetAsync("/");

        Assert.NotNull(Header(response, "traceresponse"));
    }

    private static Task<TracedApp> StartAsync(string? propagators) => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(),
        app =>
        {
            app.UseExceptionHandler(error => error.Run(context => context.Response.WriteAsync("sorry")));
            app.MapGet("/", () => "ok");
            app.MapGet("/excluded", () => "ok");
            app.MapGet("/excluded/renamed", () => Activity.Current!.DisplayName = "renamed");
            app.MapGet("/handled-boom", string () => throw new InvalidOperationException("boom"));
            app.MapGet("/by-endpoint", () => "ok").ExcludeFromTracing();
            app.MapGet("/by-endpoint/silent", () => Results.NoContent()).ExcludeFromTracing();
            app.MapGet("/by-endpoint/renamed", () => Activity.Current!.DisplayName = "renamed").ExcludeFromTracing();
            app.MapGet("/with-headers", (HttpResponse response) =>
            {
                response.Headers.AccessControlExposeHeaders = new(["X-Own, server-timing", "X-More"]);
                response.Headers["Server-Timing"] = "db;dur=53";
            });
        },
        new()
        {
            ["Aspire:RouteTracing:ResponsePropagators"] = propagators,
            ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/excluded",
        });

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}
