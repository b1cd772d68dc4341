using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Aspire.RouteTracing.Hooks;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.Hooks;

/// <summary>When hooks run, and what becomes of what they set.</summary>
public sealed class HookTests
{
    [Fact]
    public async Task The_request_hook_knows_the_route_and_runs_before_the_handler()
    {
        string? seen = null;
        string? seenByHandler = null;
        await using var app = await StartAsync(
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
    public async Task The_response_hook_knows_the_status_and_adds_a_header(bool fails)
    {
        string? seen = null;
        await using var app = await StartAsync(
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

    [Theory]
    [InlineData("/ok")]
    [InlineData("/boom")]
    [InlineData("/unmatched")]
    public async Task What_the_request_hook_sets_is_final(string path)
    {
        await using var app = await StartAsync(settings => settings.RequestHook = (span, _) => SetEverything(span), MapOkAndBoom);

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        AssertEverything(Assert.Single(app.Spans));
    }

    [Theory]
    [InlineData("/ok")]
    [InlineData("/boom")]
    [InlineData("/unmatched")]
    public async Task What_the_response_hook_sets_is_final(string path)
    {
        await using var app = await StartAsync(settings => settings.ResponseHook = (span, _) => SetEverything(span), MapOkAndBoom);

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        AssertEverything(Assert.Single(app.Spans));
    }

    [Fact]
    public async Task A_response_hook_that_answers_otherwise_leaves_no_error_of_the_answer_before()
    {
        await using var app = await StartAsync(
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
    public async Task What_a_hook_takes_away_stays_away()
    {
        await using var app = await StartAsync(
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
    public async Task The_handler_may_change_what_is_the_applications_own()
    {
        await using var app = await StartAsync(
            settings => settings.RequestHook = (span, _) => span.SetTag("tenant", "unknown"),
            app => app.MapGet("/", () => { Activity.Current!.SetTag("tenant", "acme"); }));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal("acme", Assert.Single(app.Spans).GetTagItem("tenant"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_enrichment_callbacks_of_the_application_stay_in_force_and_come_last(bool callbacksFirst)
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
    public async Task A_handler_that_throws_has_its_response_hook_called_once_with_the_servers_answer()
    {
        var calls = new Calls();
        await using var app = await StartAsync(
            calls.Record, app => app.MapGet("/boom", string () => throw new InvalidOperationException("boom")));

        using var response = await app.GetAsync("/boom");
        await app.StopAsync();

        Assert.Equal(["request /boom", "response 500"], calls);
        var span = Assert.Single(app.Spans);
        Assert.Equal("System.InvalidOperationException", span.GetTagItem("error.type"));
        Assert.Equal(ActivityStatusCode.Error, span.Status);
    }

    [Fact]
    public async Task An_error_page_does_not_call_the_hooks_again()
    {
        var calls = new Calls();
        await using var app = await StartAsync(
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
    public async Task The_error_page_of_an_unmatched_URL_shows_hooks_the_path_of_the_client()
    {
        string? seen = null;
        await using var app = await StartAsync(
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
    public async Task Routing_that_runs_again_does_not_call_the_request_hook_again()
    {
        var calls = new Calls();
        await using var app = await StartAsync(
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
    public async Task An_unmatched_request_calls_the_request_hook_just_before_the_response_hook()
    {
        var calls = new Calls();
        await using var app = await StartAsync(
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
    public async Task Middleware_that_answers_before_routing_has_both_hooks_called()
    {
        var calls = new Calls();
        await using var app = await StartAsync(
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
    public async Task A_response_that_streams_has_its_hook_called_before_the_first_byte()
    {
        var calls = new Calls();
        await using var app = await StartAsync(
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
    public async Task An_exception_after_the_response_has_started_leaves_the_hook_at_one_call()
    {
        var calls = new Calls();
        await using var app = await StartAsync(
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
    public async Task A_client_that_aborts_has_the_response_hook_called_at_the_end()
    {
        var calls = new Calls();
        var running = new TaskCompletionSource();
        await using var app = await StartAsync(
            calls.Record,
            app => app.MapGet("/slow", async (CancellationToken aborted) =>
            {
                running.SetResult();
                await Task.Delay(Timeout.Infinite, aborted);
            }));
        using var abort = new CancellationTokenSource();

        var request = app.Client.GetAsync("/slow", abort.Token);
        await running.Task;
        await abort.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await app.StopAsync();

        Assert.Equal(2, calls.Count);
        Assert.Equal("request /slow", calls.First());
        Assert.StartsWith("response ", calls.Last(), StringComparison.Ordinal);
        Assert.Single(app.Spans);
    }

    [Fact]
    public async Task A_WebSocket_has_its_response_hook_called_when_it_is_accepted()
    {
        var calls = new Calls();
        await using var app = await StartAsync(
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

    [Theory]
    [InlineData("/excluded", null)]
    [InlineData("/by-endpoint", null)]
    [InlineData("/filtered", null)]
    [InlineData("/ok", "always_off")]
    public async Task Hooks_do_not_run_for_requests_that_are_excluded_or_not_sampled(string path, string? sampler)
    {
        var calls = new Calls();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(
                    options => options.Filter = context => context.Request.Path != "/filtered");
                builder.AddRouteTracing(settings =>
                {
                    settings.ExcludedUrls.Add("^/excluded$");
                    calls.Record(settings);
                });
            },
            app =>
            {
                app.MapGet("/by-endpoint", () => "ok").ExcludeFromTracing();
                app.MapGet("/{name}", () => "ok");
            },
            new() { ["OTEL_TRACES_SAMPLER"] = sampler });

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.True(response.IsSuccessStatusCode);
        Assert.Empty(calls);
        Assert.Empty(app.Spans);
    }

    [Fact]
    public async Task A_hook_that_throws_is_logged_once_and_the_request_and_its_span_are_intact()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings =>
                {
                    settings.RequestHook = (span, _) =>
                    {
                        span.DisplayName = "set before the exception";
                        throw new InvalidOperationException("broken request hook");
                    };
                    settings.ResponseHook = (_, _) => throw new InvalidOperationException("broken response hook");
                });
                builder.Services.AddRouteTracingHook<BrokenHook>();
                builder.Services.AddRouteTracingHook<TaggingHook>();
            },
            app => app.MapGet("/", () => "ok"));

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("ok", await app.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
        }

        await app.StopAsync();

        Assert.Equal(
            ["RequestHook: broken request hook", $"{typeof(BrokenHook)}: broken class", "ResponseHook: broken response hook"],
            app.Logs.Where(log => log.LogLevel == LogLevel.Error).Select(
                log => $"{log.Attributes!.Single(attribute => attribute.Key == "Hook").Value}: {log.Exception!.Message}"));
        Assert.Equal(3, app.Spans.Count);
        Assert.All(app.Spans, span =>
        {
            Assert.Equal("set before the exception", span.DisplayName);
            Assert.Equal("request, response", span.GetTagItem("tagged"));
            Assert.Equal(ActivityStatusCode.Unset, span.Status);
        });
    }

    [Fact]
    public async Task Registered_hooks_run_in_order_after_the_delegates_of_the_settings()
    {
        var calls = new Calls();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(calls);
                builder.Services.AddRouteTracingHook<FirstHook>();
                builder.Services.AddRouteTracingHook<SecondHook>();
                builder.Services.AddRouteTracingHook<FirstHook>();
                builder.AddRouteTracing(settings => settings.RequestHook = (_, _) => calls.Add("delegate"));
            },
            app => app.MapGet("/", () => "ok"));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(["delegate", "first request", "second request", "first response"], calls);
    }

    [Theory]
    [InlineData("/ok")]
    [InlineData("/boom")]
    public async Task Scoped_services_are_there_in_both_hooks(string path)
    {
        Scoped? inRequestHook = null;
        Scoped? inResponseHook = null;
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddScoped<Scoped>();
                builder.AddRouteTracing(settings =>
                {
                    settings.RequestHook = (_, request) => inRequestHook = request.HttpContext.RequestServices.GetRequiredService<Scoped>();
                    settings.ResponseHook = (_, response) =>
                    {
                        inResponseHook = response.HttpContext.RequestServices.GetRequiredService<Scoped>();
                        Assert.False(inResponseHook.IsDisposed);
                    };
                });
            },
            MapOkAndBoom);

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.NotNull(inRequestHook);
        Assert.Same(inRequestHook, inResponseHook);
        Assert.True(inRequestHook.IsDisposed);
        Assert.DoesNotContain(app.Logs, log => log.Attributes?.Any(attribute => attribute.Key == "Hook") == true);
    }

    [Fact]
    public async Task Two_applications_of_one_process_have_hooks_of_their_own()
    {
        var calls = new Calls();
        var callsOfOther = new Calls();
        await using var app = await StartAsync(calls.Record, app => app.MapGet("/app", () => "ok"));
        await using var other = await StartAsync(callsOfOther.Record, app => app.MapGet("/other", () => "ok"));
        await using var withoutHooks = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(), app => app.MapGet("/plain", () => "ok"));

        using var first = await app.GetAsync("/app");
        using var second = await other.GetAsync("/other");
        using var third = await withoutHooks.GetAsync("/plain");
        await Task.WhenAll(app.StopAsync(), other.StopAsync(), withoutHooks.StopAsync());

        Assert.Equal(["request /app", "response 200"], calls);
        Assert.Equal(["request /other", "response 200"], callsOfOther);
    }

    [Fact]
    public async Task A_reload_changes_the_hooks_and_a_suspension_silences_them()
    {
        var calls = new Calls();
        await using var app = await StartAsync(
            settings =>
            {
                var version = settings.ExcludedUrls.FirstOrDefault() ?? "first";
                settings.RequestHook = (_, _) => calls.Add(version);
            },
            app => app.MapGet("/", () => "ok"));

        using var first = await app.GetAsync("/");
        app.Reload("OTEL_DOTNET_EXCLUDED_URLS", "second");
        using var second = await app.GetAsync("/");
        using (app.RouteTracing().Suspend())
        {
            using var suspended = await app.GetAsync("/");
        }

        await app.StopAsync();

        Assert.Equal(["first", "second"], calls);
        Assert.Equal(3, app.Spans.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hooks_of_the_container_are_silent_while_route_tracing_is_disabled_or_suspended(bool enabled)
    {
        var calls = new Calls();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings => settings.Enabled = enabled);
                builder.Services.AddSingleton(calls).AddRouteTracingHook<FirstHook>();
            },
            app => app.MapGet("/", () => "ok"));

        using (app.RouteTracing().Suspend())
        {
            using var suspended = await app.GetAsync("/");
        }

        Assert.Empty(calls);
        using var response = await app.GetAsync("/");
        await app.StopAsync();
        Assert.Equal(enabled, calls.Count > 0);
    }

    [Fact]
    public async Task Hooks_get_the_span_that_a_foreign_propagator_made_for_the_request()
    {
        Activity? hooked = null;
        await using var app = await StartAsync(
            settings => settings.RequestHook = (span, _) => hooked = span,
            app => app.MapGet("/", () => HttpStatusCode.OK));

        // White space in it makes the instrumentation start an activity in the place of the server's.
        using var response = await app.GetAsync("/", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=1 , b=2");
        await app.StopAsync();

        Assert.Same(hooked, Assert.Single(app.Spans));
    }

    [Fact]
    public async Task A_hook_can_ask_for_the_tracer_provider()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                builder.Services.AddRouteTracingHook<ProviderHook>();
            },
            app => app.MapGet("/", () => "ok"));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(true, Assert.Single(app.Spans).GetTagItem("tagged"));
    }

    [Fact]
    public async Task A_hook_that_cannot_be_created_keeps_the_application_from_starting() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                builder.Services.AddRouteTracingHook<UncreatableHook>();
            },
            app => app.MapGet("/", () => "ok")));

    [Fact]
    public async Task An_instance_of_a_hook_is_added_once_and_another_one_of_its_type_is_added()
    {
        var calls = new Calls();
        var (one, two) = (new NamedHook("one", calls), new NamedHook("two", calls));
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                builder.Services.AddRouteTracingHook(one).AddRouteTracingHook(two).AddRouteTracingHook(one);
            },
            app => app.MapGet("/", () => "ok"));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(["one", "two"], calls);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_async_hook_that_throws_after_an_await_is_logged_once_and_harms_nothing()
    {
        var logs = new HookLogs(expected: 2);
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Logging.AddProvider(logs);
                builder.AddRouteTracing(settings => settings.RequestHook = async (_, _) =>
                {
                    await Task.Yield();
                    throw new InvalidOperationException("after the await");
                });
            },
            app => app.MapGet("/", () => "ok"));

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("ok", await app.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
        }

        await logs.Complete.WaitAsync(TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal(["Error: RequestHook, after the await", "Warning: RequestHook, "], logs.Order());
        Assert.Equal(3, app.Spans.Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_async_hook_goes_on_after_each_await_without_holding_the_request_up()
    {
        var (gate, done) = (new TaskCompletionSource(), new TaskCompletionSource<Activity?>());
        await using var app = await StartAsync(
            settings => settings.RequestHook = async (span, _) =>
            {
                await gate.Task;
                await Task.Yield();
                done.SetResult(Activity.Current);
            },
            app => app.MapGet("/", () => "ok"));

        Assert.Equal("ok", await app.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
        gate.SetResult();

        Assert.Equal(
            "Microsoft.AspNetCore.Hosting.HttpRequestIn",
            (await done.Task.WaitAsync(TestContext.Current.CancellationToken))?.OperationName);
    }

    [Fact]
    public async Task An_activity_that_a_hook_leaves_open_is_not_the_parent_of_the_request()
    {
        await using var app = await StartAsync(
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

    [Theory]
    [InlineData(false, "none")]
    [InlineData(true, "created")]
    public async Task A_scope_is_created_only_for_hooks_of_the_container(bool hasContainerHook, string expected)
    {
        string? scope = null;
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(new Calls().Record);
                if (hasContainerHook)
                {
                    builder.Services.AddRouteTracingHook<TaggingHook>();
                }
            },
            app => app.MapGet("/", context =>
            {
                scope = context.Features.Get<IServiceProvidersFeature>() is null ? "none" : "created";
                return Task.CompletedTask;
            }));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(expected, scope);
    }

    [Fact]
    public async Task The_response_hook_of_an_escaped_exception_has_services_after_the_scope_is_gone()
    {
        Scoped? inHandler = null;
        Scoped? inHook = null;
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddScoped<Scoped>();
                builder.AddRouteTracing(settings => settings.ResponseHook = (_, response) =>
                {
                    inHook = response.HttpContext.RequestServices.GetRequiredService<Scoped>();
                    Assert.False(inHook.IsDisposed);
                });
            },
            app => app.MapGet("/boom", string (Scoped scoped) =>
            {
                inHandler = scoped;
                throw new InvalidOperationException("boom");
            }));

        using var response = await app.GetAsync("/boom");
        await app.StopAsync();

        Assert.NotNull(inHook);
        Assert.NotSame(inHandler, inHook);
        Assert.True(inHook.IsDisposed);
    }

    [Fact]
    public async Task A_context_within_the_request_does_not_call_the_hooks_of_the_request()
    {
        var calls = new Calls();
        await using var app = await StartAsync(
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

    [Theory]
    [InlineData(false, new[] { "matched", "request /quiet", "response 401" })]
    [InlineData(true, new[] { "matched" })]
    public void The_hooks_of_an_excluded_endpoint_run_at_the_response_if_it_was_not_executed(bool executes, string[] expected)
    {
        var calls = new Calls();
        var settings = new RouteTracingSettings();
        calls.Record(settings);
        var logged = new ConcurrentDictionary<string, bool>();
        using var span = new Activity("request").Start();
        var context = new DefaultHttpContext();
        context.SetEndpoint(new RouteEndpoint(
            _ => Task.CompletedTask,
            RoutePatternFactory.Parse("/quiet"),
            0,
            new EndpointMetadataCollection(new ExcludeFromTracingAttribute(), new Route("/quiet")),
            "quiet"));
        var request = new HookedRequest(
            null!, span, context, [new("hook", settings.RequestHook, settings.ResponseHook, logged, NullLogger.Instance)], next: null);

        request.OnRouteMatched();
        calls.Add("matched");
        span.IsAllDataRequested = !executes;
        context.Response.StatusCode = 401;
        _ = request.OnResponse();

        Assert.Equal(expected, calls);
    }

    private static Task<TracedApp> StartAsync(Action<RouteTracingSettings> configure, Action<WebApplication> map) =>
        TracedApp.StartAsync(builder => builder.AddRouteTracing(configure), map);

    private static void MapOkAndBoom(WebApplication app)
    {
        app.MapGet("/ok", () => "ok");
        app.MapGet("/boom", string () => throw new InvalidOperationException("boom"));
    }

    private static void SetEverything(Activity span)
    {
        span.DisplayName = "hooked";
        span.SetStatus(ActivityStatusCode.Error, "because");
        span.SetTag("http.route", "/hooked");
        span.SetTag("error.type", "hooked");
        span.SetTag("http.response.status_code", 299);
        span.SetTag("tenant", "acme");
    }

    private static void AssertEverything(Activity span)
    {
        Assert.Equal("hooked", span.DisplayName);
        Assert.Equal((ActivityStatusCode.Error, "because"), (span.Status, span.StatusDescription));
        Assert.Equal("/hooked", span.GetTagItem("http.route"));
        Assert.Equal("hooked", span.GetTagItem("error.type"));
        Assert.Equal(299, span.GetTagItem("http.response.status_code"));
        Assert.Equal("acme", span.GetTagItem("tenant"));
    }

    /// <summary>What was called, in order.</summary>
    private sealed class Calls : ConcurrentQueue<string>
    {
        public void Add(string call) => Enqueue(call);

        public void Record(RouteTracingSettings settings)
        {
            settings.RequestHook = (span, _) => Add($"request {span.GetTagItem("http.route")}");
            settings.ResponseHook = (_, response) => Add($"response {response.StatusCode}");
        }
    }

    private sealed class FirstHook(Calls calls) : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => calls.Add("first request");

        public void OnResponse(Activity activity, HttpResponse response) => calls.Add("first response");
    }

    private sealed record Route(string Value) : IRouteDiagnosticsMetadata
    {
        string IRouteDiagnosticsMetadata.Route => Value;
    }

    private sealed class NamedHook(string name, Calls calls) : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => calls.Add(name);
    }

    /// <summary>What was logged about hooks, in no order.</summary>
    private sealed class HookLogs(int expected) : ConcurrentQueue<string>, ILoggerProvider, ILogger
    {
        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Complete => _complete.Task;

        public ILogger CreateLogger(string categoryName) =>
            categoryName.StartsWith("Aspire.RouteTracing.Hooks", StringComparison.Ordinal) ? this : NullLogger.Instance;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var hook = ((IReadOnlyList<KeyValuePair<string, object?>>)state!).Single(value => value.Key == "Hook").Value;
            Enqueue($"{logLevel}: {hook}, {exception?.Message}");
            if (Count == expected)
            {
                _complete.SetResult();
            }
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Dispose()
        {
        }
    }

    private sealed class ProviderHook(TracerProvider provider) : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => activity.SetTag("tagged", provider is not null);
    }

    private sealed class SecondHook(Calls calls) : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => calls.Add("second request");
    }

    private sealed class UncreatableHook : IRouteTracingHook
    {
        public UncreatableHook() => throw new InvalidOperationException("uncreatable");
    }

    private sealed class BrokenHook : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => throw new InvalidOperationException("broken class");

        public void OnResponse(Activity activity, HttpResponse response) => throw new InvalidOperationException("broken class");
    }

    private sealed class TaggingHook : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => activity.SetTag("tagged", "request");

        public void OnResponse(Activity activity, HttpResponse response) =>
            activity.SetTag("tagged", activity.GetTagItem("tagged") + ", response");
    }

    private sealed class Scoped : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
