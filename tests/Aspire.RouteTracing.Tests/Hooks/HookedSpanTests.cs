using System.Diagnostics;
using System.Net;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.Hooks;

/// <summary>What becomes of the values that hooks set on a span.</summary>
public sealed class HookedSpanTests
{
    [Theory]
    [InlineData("/ok")]
    [InlineData("/boom")]
    [InlineData("/unmatched")]
    public async Task OpenTelemetry_does_not_overwrite_what_the_request_hook_sets(string path)
    {
        await using var app = await HookedApp.StartAsync(
            settings => settings.RequestHook = (span, _) => SetEverything(span), HookedApp.MapOkAndBoom);

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        AssertEverything(Assert.Single(app.Spans));
    }

    [Theory]
    [InlineData("/ok")]
    [InlineData("/boom")]
    [InlineData("/unmatched")]
    public async Task OpenTelemetry_does_not_overwrite_what_the_response_hook_sets(string path)
    {
        await using var app = await HookedApp.StartAsync(
            settings => settings.ResponseHook = (span, _) => SetEverything(span), HookedApp.MapOkAndBoom);

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        AssertEverything(Assert.Single(app.Spans));
    }

    [Theory]
    [InlineData(false, "GET")]
    [InlineData(true, "orders")]
    public async Task The_span_has_no_route_if_middleware_removes_the_endpoint(bool isRenamed, string name)
    {
        var matched = "";
        await using var app = await HookedApp.StartAsync(
            settings => settings.RequestHook = (span, _) =>
            {
                matched = span.DisplayName;
                span.DisplayName = isRenamed ? "orders" : matched;
            },
            app =>
            {
                app.UseRouting();
                app.Use((HttpContext context, RequestDelegate next) =>
                {
                    context.SetEndpoint(null);
                    return next(context);
                });
                app.MapGet("/orders/{id}", () => "ok");
            });

        using var response = await app.GetAsync("/orders/1");
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal("GET /orders/{id}", matched);
        Assert.Equal(name, span.DisplayName);
        Assert.Null(span.GetTagItem("http.route"));
        Assert.DoesNotContain("http.route", Assert.Single(app.CountsOf("http.server.request.duration")).Key, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_response_hook_that_renames_the_span_after_an_exception_keeps_the_route()
    {
        await using var app = await HookedApp.StartAsync(
            settings => settings.ResponseHook = (span, _) => span.DisplayName = "failed",
            app => app.MapGet("/orders/{id}", string () => throw new InvalidOperationException("broken")));

        using var response = await app.GetAsync("/orders/1");
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal("failed", span.DisplayName);
        Assert.Equal("/orders/{id}", span.GetTagItem("http.route"));
    }

    [Fact]
    public async Task A_response_hook_that_changes_a_5xx_status_removes_the_error()
    {
        await using var app = await HookedApp.StartAsync(
            settings => settings.ResponseHook = (_, response) => response.StatusCode = 404,
            app => app.MapGet("/", () => Results.StatusCode(503)));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(404, span.GetTagItem("http.response.status_code"));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Null(span.GetTagItem("error.type"));
    }

    [Fact]
    public async Task OpenTelemetry_does_not_restore_what_a_hook_removes()
    {
        await using var app = await HookedApp.StartAsync(
            settings => settings.ResponseHook = (span, _) =>
            {
                span.SetStatus(ActivityStatusCode.Unset);
                span.SetTag("error.type", null);
                span.SetTag("http.route", null);
            },
            app => app.MapGet("/", () => Results.StatusCode(503)));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Null(span.GetTagItem("error.type"));
        Assert.Null(span.GetTagItem("http.route"));
        Assert.Equal(503, span.GetTagItem("http.response.status_code"));
    }

    [Fact]
    public async Task The_handler_can_overwrite_a_custom_tag_of_a_hook()
    {
        await using var app = await HookedApp.StartAsync(
            settings => settings.RequestHook = (span, _) => span.SetTag("tenant", "unknown"),
            app => app.MapGet("/", () => { Activity.Current!.SetTag("tenant", "acme"); }));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal("acme", Assert.Single(app.Spans).GetTagItem("tenant"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Enrichment_callbacks_of_the_application_run_after_the_hooks(bool callbacksFirst)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                if (callbacksFirst)
                {
                    Enrich(builder);
                }

                builder.AddRouteTracing(settings => settings.ResponseHook = (span, _) => span.DisplayName = "by the hook");
                if (!callbacksFirst)
                {
                    Enrich(builder);
                }
            },
            app => app.MapGet("/", () => "ok"));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal("by the hook, then enriched", span.DisplayName);
        Assert.Equal("GET", span.GetTagItem("enriched.at.start"));

        static void Enrich(WebApplicationBuilder builder) => builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(options =>
        {
            options.EnrichWithHttpRequest = (span, request) => span.SetTag("enriched.at.start", request.Method);
            options.EnrichWithHttpResponse = (span, _) => span.DisplayName += ", then enriched";
        });
    }

    [Fact]
    public async Task Hooks_get_the_span_that_replaces_the_activity_of_the_server()
    {
        Activity? hooked = null;
        await using var app = await HookedApp.StartAsync(
            settings => settings.RequestHook = (span, _) => hooked = span,
            app => app.MapGet("/", () => HttpStatusCode.OK));

        // White space in the trace state makes the instrumentation replace the server's activity by its own.
        using var response = await app.GetAsync("/", TraceParent.Sampled, "a=1 , b=2");
        await app.StopAsync();

        Assert.Same(hooked, Assert.Single(app.Spans));
    }

    [Fact]
    public async Task An_activity_that_a_hook_leaves_open_is_not_the_parent_of_later_spans()
    {
        await using var app = await HookedApp.StartAsync(
            settings => settings.RequestHook = (_, _) => TracedApp.Source.StartActivity("left open"),
            app => app.MapGet("/", () =>
            {
                using var inner = TracedApp.Source.StartActivity("inner");
            }));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        var server = Assert.Single(app.Spans, span => span.Kind == ActivityKind.Server);
        Assert.Equal(server.SpanId, Assert.Single(app.Spans, span => span.DisplayName == "inner").ParentSpanId);
    }

    private static void SetEverything(Activity span)
    {
        span.DisplayName = "hooked";
        span.SetStatus(ActivityStatusCode.Error, "because");
        span.SetTag("http.route", "/hooked");
        span.SetTag("error.type", "hooked");
        span.SetTag("http.response.status_code", 299);
        span.SetTag("client.address", "203.0.113.7");
        span.SetTag("network.protocol.version", "hooked");
        span.SetTag("tenant", "acme");
    }

    private static void AssertEverything(Activity span)
    {
        Assert.Equal("203.0.113.7", span.GetTagItem("client.address"));
        Assert.Equal("hooked", span.GetTagItem("network.protocol.version"));
        Assert.Equal("hooked", span.DisplayName);
        Assert.Equal((ActivityStatusCode.Error, "because"), (span.Status, span.StatusDescription));
        Assert.Equal("/hooked", span.GetTagItem("http.route"));
        Assert.Equal("hooked", span.GetTagItem("error.type"));
        Assert.Equal(299, span.GetTagItem("http.response.status_code"));
        Assert.Equal("acme", span.GetTagItem("tenant"));
    }
}
