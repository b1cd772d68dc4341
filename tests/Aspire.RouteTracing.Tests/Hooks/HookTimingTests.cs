using System.Diagnostics;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Tests.Hooks;

/// <summary>When hooks run, and what they can read then.</summary>
public sealed class HookTimingTests
{
    [Fact]
    public async Task The_request_hook_sees_the_route_and_runs_before_the_handler()
    {
        string? seen = null;
        string? seenByHandler = null;
        await using var app = await HookedApp.StartAsync(
            settings => settings.RequestHook = (span, request) =>
                seen = $"{span.DisplayName}, {span.GetTagItem("http.route")}, {request.RouteValues["id"]}",
            app => app.MapGet("/users/{id}", () => seenByHandler = seen));

        using var response = await app.GetAsync("/users/7");
        await app.StopAsync();

        Assert.Equal("GET /users/{id}, /users/{id}, 7", seen);
        Assert.Equal(seen, seenByHandler);
        Assert.Equal(["GET /users/{id}"], app.SpanNames);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_response_hook_sees_the_status_and_can_add_a_header(bool fails)
    {
        string? seen = null;
        await using var app = await HookedApp.StartAsync(
            settings => settings.ResponseHook = (span, response) =>
            {
                seen = $"{span.GetTagItem("http.response.status_code")}, {span.Status}, {span.GetTagItem("error.type")}";
                response.Headers["x-hook"] = "was here";
            },
            app => app.MapGet("/", () => Results.StatusCode(fails ? 503 : 201)));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(fails ? "503, Error, 503" : "201, Unset, ", seen);
        Assert.Equal("was here", Assert.Single(response.Headers.GetValues("x-hook")));
    }

    [Fact]
    public async Task The_response_hook_runs_once_if_the_handler_throws()
    {
        var calls = new HookCalls();
        await using var app = await HookedApp.StartAsync(
            calls.Record, app => app.MapGet("/boom", string () => throw new InvalidOperationException("boom")));

        using var response = await app.GetAsync("/boom");
        await app.StopAsync();

        Assert.Equal(["request /boom", "response 500"], calls);
        var span = Assert.Single(app.Spans);
        Assert.Equal("System.InvalidOperationException", span.GetTagItem("error.type"));
        Assert.Equal(ActivityStatusCode.Error, span.Status);
    }

    [Fact]
    public async Task An_error_page_does_not_run_the_hooks_again()
    {
        var calls = new HookCalls();
        await using var app = await HookedApp.StartAsync(
            calls.Record,
            app =>
            {
                app.UseExceptionHandler("/error");
                app.UseStatusCodePagesWithReExecute("/status/{0}");
                app.MapGet("/boom", string () => throw new InvalidOperationException("boom"));
                app.Map("/error", () => Results.StatusCode(500));
                app.Map("/status/{code}", (int code) => $"status {code}");
            });

        using var boom = await app.GetAsync("/boom");
        using var unmatched = await app.GetAsync("/unmatched");
        await app.StopAsync();

        Assert.Equal(["request /boom", "response 500", "request ", "response 404"], calls);
    }

    [Fact]
    public async Task Hooks_of_an_error_page_can_read_the_path_that_the_client_requested()
    {
        string? seen = null;
        await using var app = await HookedApp.StartAsync(
            settings => settings.RequestHook = (_, request) =>
                seen = $"{request.HttpContext.Features.Get<IStatusCodeReExecuteFeature>()?.OriginalPath}, {request.Path}",
            app =>
            {
                app.UseStatusCodePagesWithReExecute("/status/{0}");
                app.Map("/status/{code}", (int code) => $"status {code}");
            });

        using var response = await app.GetAsync("/unmatched");
        await app.StopAsync();

        Assert.Equal("/unmatched, /status/404", seen);
        Assert.Equal(["GET"], app.SpanNames);
    }

    [Fact]
    public async Task The_request_hook_runs_once_if_routing_runs_twice()
    {
        var calls = new HookCalls();
        await using var app = await HookedApp.StartAsync(
            calls.Record,
            app =>
            {
                app.UseRouting();
                app.Use((context, next) =>
                {
                    context.SetEndpoint(null);
                    return next(context);
                });
                app.UseRouting();
                app.MapGet("/", () => "ok");
            });

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(["request /", "response 200"], calls);
    }

    [Fact]
    public async Task Both_hooks_run_at_the_response_of_an_unmatched_request()
    {
        var calls = new HookCalls();
        await using var app = await HookedApp.StartAsync(
            calls.Record,
            app => app.Use(async (context, next) =>
            {
                await next(context);
                calls.Add("pipeline done");
            }));

        using var response = await app.GetAsync("/unmatched");
        await app.StopAsync();

        Assert.Equal(["pipeline done", "request ", "response 404"], calls);
        Assert.Equal(["GET"], app.SpanNames);
    }

    [Fact]
    public async Task Both_hooks_run_if_middleware_answers_before_routing()
    {
        var calls = new HookCalls();
        await using var app = await HookedApp.StartAsync(
            calls.Record,
            app =>
            {
                app.Use((HttpContext context, RequestDelegate _) =>
                {
                    context.Response.StatusCode = 401;
                    return context.Response.WriteAsync("who are you?");
                });
                app.UseRouting();
                app.MapGet("/", () => "ok");
            });

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(["request ", "response 401"], calls);
    }

    [Fact]
    public async Task The_response_hook_of_a_stream_runs_before_the_first_byte()
    {
        var calls = new HookCalls();
        await using var app = await HookedApp.StartAsync(
            calls.Record,
            app => app.MapGet("/stream", async (HttpResponse response) =>
            {
                for (var chunk = 1; chunk <= 3; chunk++)
                {
                    await response.WriteAsync($"{chunk} ");
                    await response.Body.FlushAsync();
                    calls.Add($"chunk {chunk}");
                }
            }));

        var body = await app.Client.GetStringAsync("/stream", TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal("1 2 3 ", body);
        Assert.Equal(["request /stream", "response 200", "chunk 1", "chunk 2", "chunk 3"], calls);
    }

    [Fact]
    public async Task The_response_hook_runs_once_if_the_handler_throws_while_streaming()
    {
        var calls = new HookCalls();
        await using var app = await HookedApp.StartAsync(
            calls.Record,
            app => app.MapGet("/late", async (HttpResponse response) =>
            {
                await response.WriteAsync("begun");
                await response.Body.FlushAsync();
                throw new InvalidOperationException("late");
            }));

        await Assert.ThrowsAnyAsync<Exception>(() => app.Client.GetStringAsync("/late", TestContext.Current.CancellationToken));
        await app.StopAsync();

        Assert.Equal(["request /late", "response 200"], calls);
        Assert.Equal("System.InvalidOperationException", Assert.Single(app.Spans).GetTagItem("error.type"));
    }

    [Fact]
    public async Task The_response_hook_runs_at_the_end_if_the_client_disconnects()
    {
        var calls = new HookCalls();
        var running = new TaskCompletionSource();
        await using var app = await HookedApp.StartAsync(
            calls.Record,
            app => app.MapGet("/slow", async (CancellationToken aborted) =>
            {
                running.SetResult();
                await Task.Delay(Timeout.Infinite, aborted);
            }));
        using var abort = new CancellationTokenSource();

        var request = app.Client.GetAsync("/slow", abort.Token);
        await running.Task.WithinAMinute();
        await abort.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await app.StopAsync();

        Assert.Equal(2, calls.Count);
        Assert.Equal("request /slow", calls.First());
        Assert.StartsWith("response ", calls.Last(), StringComparison.Ordinal);
        Assert.Single(app.Spans);
    }

    [Fact]
    public async Task The_response_hook_of_a_WebSocket_runs_when_it_is_accepted()
    {
        var calls = new HookCalls();
        await using var app = await HookedApp.StartAsync(
            calls.Record,
            app =>
            {
                app.UseWebSockets();
                app.Map("/ws/{room}", async (HttpContext context) =>
                {
                    using var server = await context.WebSockets.AcceptWebSocketAsync();
                    calls.Add("accepted");
                    await server.ReceiveAsync(new byte[1], context.RequestAborted);
                    await server.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
                });
            });

        using var client = new ClientWebSocket();
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{app.Port}/ws/1"), TestContext.Current.CancellationToken);
        await client.SendAsync(new byte[1], WebSocketMessageType.Binary, true, TestContext.Current.CancellationToken);
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal(["request /ws/{room}", "response 101", "accepted"], calls);
    }

    [Fact]
    public async Task A_nested_context_does_not_run_the_hooks_of_the_request()
    {
        var calls = new HookCalls();
        await using var app = await HookedApp.StartAsync(
            calls.Record,
            app =>
            {
                var part = ((IApplicationBuilder)app).New();
                part.UseRouting();
                part.UseEndpoints(endpoints => endpoints.MapGet("/part", () => "ok"));
                var runPart = part.Build();
                app.Use(async (HttpContext context, RequestDelegate _) =>
                {
                    var nested = new DefaultHttpContext(new FeatureCollection(context.Features));
                    nested.Features.Set<IHttpRequestFeature>(new HttpRequestFeature { Method = "GET", Path = "/part" });
                    nested.Features.Set<IHttpResponseFeature>(new HttpResponseFeature());
                    nested.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
                    nested.Features.Set<IEndpointFeature>(null);
                    nested.RequestServices = app.Services;
                    await runPart(nested);
                    calls.Add($"part {nested.Response.StatusCode} {nested.GetEndpoint()?.DisplayName}");
                });
            });

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(["part 200 HTTP: GET /part", "request ", "response 200"], calls);
    }

    [Fact]
    public async Task Hooks_run_if_middleware_answers_before_an_excluded_endpoint_executes()
    {
        var calls = new HookCalls();
        await using var app = await HookedApp.StartAsync(
            calls.Record,
            app =>
            {
                app.UseRouting();
                app.Use((HttpContext context, RequestDelegate _) =>
                {
                    context.Response.StatusCode = 401;
                    return Task.CompletedTask;
                });
                app.MapGet("/quiet", () => "").ExcludeFromTracing();
            });

        using var response = await app.GetAsync("/quiet");
        await app.StopAsync();

        Assert.Equal(["request /quiet", "response 401"], calls);
        Assert.Equal(["GET /quiet"], app.SpanNames);
    }
}
