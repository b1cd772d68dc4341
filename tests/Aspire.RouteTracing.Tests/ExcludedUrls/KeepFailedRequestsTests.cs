using System.Diagnostics;
using System.Net;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>With KeepFailedRequests, an excluded request that fails exports its server span only.</summary>
public sealed class KeepFailedRequestsTests
{
    public static TheoryData<string?, string?> SamplersAndParents => new MatrixTheoryData<string?, string?>(
        [null, "always_on", "traceidratio"],
        [null, TraceParent.Sampled, TraceParent.Unsampled]);

    public static TheoryData<string?, string?> AllSamplersAndParents => new MatrixTheoryData<string?, string?>(
        AllSamplers,
        [null, TraceParent.Sampled, TraceParent.Unsampled]);

    public static TheoryData<string?, string> AllSamplersAndAborts => new MatrixTheoryData<string?, string>(
        AllSamplers,
        ["canceled", "reset", "failed", "answered", "written"]);

    private static string?[] AllSamplers => [null, "always_on", "always_off", "traceidratio", "traceidratio 0.0"];

    [Theory]
    [MemberData(nameof(SamplersAndParents))]
    public async Task The_server_span_of_a_failing_probe_is_exported_alone(string? sampler, string? parent)
    {
        await using var app = await StartAsync(sampler);

        using var response = await app.GetAsync("/health/503", parent);
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal(
            ("GET /health/503",
            ActivityKind.Server,
            ActivityStatusCode.Error,
            parent == TraceParent.Sampled ? TraceParent.SpanId : "0000000000000000"),
            (span.DisplayName, span.Kind, span.Status, span.ParentSpanId.ToHexString()));
        Assert.Equal(
            ["GET", "/health/503", "/health/503", 503, "503", "^/health/"],
            Tags(
                span,
                "http.request.method",
                "http.route",
                "url.path",
                "http.response.status_code",
                "error.type",
                "aspire.route_tracing.excluded_by"));
        if (parent is not null)
        {
            Assert.Equal(TraceParent.TraceId, span.TraceId.ToHexString());
        }
    }

    [Theory]
    [MemberData(nameof(AllSamplersAndParents))]
    public async Task The_server_span_of_an_unhealthy_health_check_is_exported_alone(string? sampler, string? parent)
    {
        await using var app = await StartAsync(
            sampler,
            configure: builder =>
            {
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$"));
                builder.Services.AddHealthChecks().AddCheck("database", () =>
                {
                    StartChild();
                    return HealthCheckResult.Unhealthy();
                });
            },
            map: app => app.MapHealthChecks("/health"));

        using var response = await app.GetAsync("/health", parent);
        await app.StopAsync();

        AssertServerSpanAlone(app, "GET /health", statusCode: 503, parent);
    }

    [Theory]
    [MemberData(nameof(AllSamplersAndParents))]
    public async Task The_server_span_of_a_handled_exception_is_exported_alone(string? sampler, string? parent)
    {
        await using var app = await StartAsync(sampler, map: app =>
        {
            app.UseExceptionHandler(error => error.Run(_ =>
            {
                StartChild();
                return Task.CompletedTask;
            }));
            app.UseRouting();
        });

        using var response = await app.GetAsync("/health/throwing", parent);
        await app.StopAsync();

        AssertServerSpanAlone(app, "GET /health/throwing", statusCode: 500, parent);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("always_on", true)]
    [InlineData("traceidratio", true)]
    public async Task An_exception_that_escapes_is_on_the_span(string? sampler, bool recordException)
    {
        await using var app = await StartAsync(sampler, recordException);

        using var response = await app.GetAsync("/health/throwing");
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal([500, typeof(InvalidOperationException).FullName], Tags(span, "http.response.status_code", "error.type"));
        Assert.Equal(recordException, span.Events.Any(@event => @event.Name == "exception"));
    }

    [Theory]
    [InlineData("GET", "GET /health/{name}", "GET", null)]
    [InlineData("INVENTED", "HTTP /health/{name}", "_OTHER", "INVENTED")]
    public async Task The_span_has_the_attributes_of_the_instrumentation(string method, string name, string known, string? original)
    {
        object?[] expected = [known, original, "/health/a%20b", null];
        foreach (var isExcluded in new[] { false, true })
        {
            await using var app = await TracedApp.StartAsync(
                builder => builder.AddRouteTracing(settings =>
                {
                    settings.KeepFailedRequests = true;
                    if (isExcluded)
                    {
                        settings.ExcludedUrls.Add("^/health/");
                    }
                }),
                app => app.Map("/health/{name}", string () => throw new InvalidOperationException("unhealthy")));
            using var request = new HttpRequestMessage(new HttpMethod(method), "/health/a%20b");
            using var response = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
            await app.StopAsync();

            var span = Assert.Single(app.Spans);
            Assert.Equal(name, span.DisplayName);
            Assert.Equal(
                expected, [.. Tags(span, "http.request.method", "http.request.method_original", "url.path"), span.StatusDescription]);
        }
    }

    [Theory]
    [InlineData("PURGE", "PURGE")]
    [InlineData("purge", "PURGE")]
    [InlineData("DELETE", "_OTHER")]
    public async Task A_method_is_known_if_the_variable_of_the_conventions_lists_it(string method, string expected)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Configuration["OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"] = "GET,PURGE";
                builder.AddRouteTracing(settings =>
                {
                    settings.KeepFailedRequests = true;
                    settings.ExcludedUrls.Add("^/health$");
                });
            },
            app => app.Map("/health", () => Results.StatusCode(503)));
        using var request = new HttpRequestMessage(new HttpMethod(method), "/health");
        using var response = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal([expected], Tags(Assert.Single(app.Spans), "http.request.method"));
    }

    [Theory]
    [InlineData("/health/throwing")]
    [InlineData("/health/503")]
    [InlineData("/by-endpoint")]
    public async Task An_error_page_does_not_change_the_route(string path)
    {
        await using var app = await StartAsync(sampler: null, map: app =>
        {
            app.UseExceptionHandler("/error");
            app.UseStatusCodePagesWithReExecute("/status/{0}");
            app.UseRouting();
            app.MapGet("/error", () => "sorry");
            app.MapGet("/status/{code}", (int code) => $"sorry: {code}");
        });

        using var response = await app.GetAsync(path);
        var page = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("sorry", page, StringComparison.Ordinal);
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal($"GET {path}", span.DisplayName);
        Assert.Equal([path, path], Tags(span, "http.route", "url.path"));
    }

    [Fact]
    public async Task The_span_has_the_received_path_if_middleware_rewrites_it()
    {
        await using var app = await StartAsync(sampler: null, map: app =>
        {
            app.Use((context, next) =>
            {
                (context.Request.PathBase, context.Request.Path) = ("/internal", "/health/503");
                return next(context);
            });
            app.UseRouting();
        });

        using var response = await app.GetAsync("/health/rewritten");
        await app.StopAsync();

        Assert.Equal(["/health/rewritten", 503], Tags(Assert.Single(app.Spans), "url.path", "http.response.status_code"));
    }

    [Theory]
    [InlineData("handler", 500, "System.InvalidOperationException")]
    [InlineData("developer page", 500, "System.InvalidOperationException")]
    [InlineData("IExceptionHandler", 503, "503")]
    public async Task An_exception_that_is_answered_is_on_the_span(string answeredBy, int statusCode, string errorType)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings =>
                {
                    settings.KeepFailedRequests = true;
                    settings.ExcludedUrls.Add("^/excluded$");
                });
                builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(options => options.RecordException = true);
                if (answeredBy == "IExceptionHandler")
                {
                    builder.Services.AddExceptionHandler<UnavailableHandler>();
                }
            },
            app =>
            {
                _ = answeredBy == "developer page"
                    ? app.UseDeveloperExceptionPage()
                    : app.UseExceptionHandler(error => error.Run(_ => Task.CompletedTask));
                app.MapGet("/{name}", string () => throw new InvalidOperationException("unhealthy"));
            });

        using var excluded = await app.GetAsync("/excluded");
        using var traced = await app.GetAsync("/traced");
        await app.StopAsync();

        Assert.Equal(2, app.Spans.Count);
        Assert.All(app.Spans, span =>
        {
            Assert.Equal(["/{name}", statusCode, errorType], Tags(span, "http.route", "http.response.status_code", "error.type"));
            Assert.Single(span.Events, @event => @event.Name == "exception");
        });
    }

    [Theory]
    [InlineData("/by-endpoint", "/by-endpoint")]
    [InlineData("/filtered", "filter")]
    public async Task The_span_has_the_reason_of_the_exclusion(string path, string excludedBy)
    {
        await using var app = await StartAsync(sampler: null);

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.Equal([excludedBy], Tags(Assert.Single(app.Spans), "aspire.route_tracing.excluded_by"));
    }

    [Theory]
    [InlineData(null, TraceParent.Unsampled)]
    [InlineData("always_off", null)]
    public async Task The_Filter_is_asked_for_requests_that_are_not_sampled(string? sampler, string? parent)
    {
        await using var app = await StartAsync(sampler);

        using var response = await app.GetAsync("/filtered", parent);
        using var other = await app.GetAsync("/by-endpoint-of-none", parent);
        await app.StopAsync();

        Assert.Equal(["filter"], Tags(Assert.Single(app.Spans), "aspire.route_tracing.excluded_by"));
    }

    [Theory]
    [MemberData(nameof(AllSamplersAndParents))]
    public async Task The_span_is_a_root_if_the_caller_is_excluded(string? sampler, string? parent)
    {
        await using var orders = await StartAsync(sampler);
        await using var storefront = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.ExclusionKey = "a key that the services share";
                settings.ExcludedUrls.Add("^/probe$");
            }),
            app => app.MapGet(
                "/probe", (IHttpClientFactory clients) => clients.CreateClient().GetAsync($"http://127.0.0.1:{orders.Port}/failing")),
            Sampling(sampler));

        using var response = await storefront.GetAsync("/probe", parent);
        await storefront.StopAsync();
        await orders.StopAsync();

        Assert.Empty(storefront.Spans);
        var span = Assert.Single(orders.Spans);
        Assert.Equal(default, span.ParentSpanId);
        Assert.Equal(["caller"], Tags(span, "aspire.route_tracing.excluded_by"));
    }

    [Theory]
    [InlineData("/health/ok")]
    [InlineData("/health/404")]
    [InlineData("/health/malformed")]
    public async Task An_excluded_request_that_does_not_fail_exports_nothing(string path)
    {
        await using var app = await StartAsync("always_on");

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
    }

    [Theory]
    [MemberData(nameof(AllSamplersAndAborts))]
    public async Task A_request_that_the_client_aborts_is_not_a_failure(string? sampler, string reaction)
    {
        var (started, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await StartAsync(sampler, map: app => app.MapGet("/health/slow", async (HttpContext context) =>
        {
            context.Response.OnCompleted(() =>
            {
                ended.SetResult();
                return Task.CompletedTask;
            });
            started.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }
            catch (OperationCanceledException exception) when (reaction != "canceled")
            {
                context.Response.StatusCode = 503;
                switch (reaction)
                {
                    case "reset":
                        // As when the body is read.
                        throw new IOException("The client reset the request stream.");
                    case "failed":
                        // As a database driver does.
                        throw new InvalidOperationException("The query was canceled.", exception);
                    case "written":
                        await context.Response.WriteAsync("unhealthy", CancellationToken.None);
                        break;
                }
            }
        }));

        using var abort = new CancellationTokenSource();
        var request = app.Client.GetAsync("/health/slow", abort.Token);
        await started.Task.WithinAMinute();
        await abort.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await ended.Task.WithinAMinute();
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
        Assert.EndsWith(
            reaction == "written" ? "status_code=503" : "status_code=499",
            Assert.Single(app.CountsOf("aspire.route_tracing.excluded_requests").Keys));
    }

    [Theory]
    [InlineData("/health/short")]
    [InlineData("/health/callback")]
    [InlineData("/by-endpoint/short")]
    public async Task A_failure_after_the_pipeline_is_a_failure(string path)
    {
        await using var app = await StartAsync(sampler: null, map: app =>
        {
            app.MapGet("/health/short", AnnounceBody);
            app.MapGet("/health/callback", (HttpResponse response) => response.OnStarting(() => throw new InvalidOperationException()));
            app.MapGet("/by-endpoint/short", AnnounceBody).ExcludeFromTracing();
        });

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal([500, "500"], Tags(Assert.Single(app.Spans), "http.response.status_code", "error.type"));
        Assert.EndsWith("status_code=500", Assert.Single(app.CountsOf("aspire.route_tracing.excluded_requests").Keys));

        static void AnnounceBody(HttpResponse response) => response.ContentLength = 10;
    }

    [Fact]
    public async Task A_failed_request_with_an_invalid_host_keeps_its_span()
    {
        // Later than a client sets it, because ASP.NET Core 11 reads it at the start. An unsampled request is excluded after that.
        await using var app = await StartAsync(
            sampler: null,
            configure: builder => builder.Services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter>(new FirstMiddleware(
                context => context.Request.Headers.Host = $"xn--0:{context.Connection.LocalPort}"))));

        using var response = await app.GetAsync("/health/503", TraceParent.Unsampled);
        await app.StopAsync();

        Assert.Equal(["xn--0", 503], Tags(Assert.Single(app.Spans), "server.address", "http.response.status_code"));
    }

    [Theory]
    [InlineData("/health/slow", "answered", 504)]
    [InlineData("/health/slow", "escaping", 500)]
    [InlineData("/health/503", "canceled later", 503)]
    [InlineData("/by-endpoint/slow", "answered", 504)]
    [InlineData("/by-endpoint/slow", "escaping", 500)]
    [InlineData("/by-endpoint", "canceled later", 503)]
    public async Task A_timeout_of_middleware_is_a_failure(string path, string reaction, int statusCode)
    {
        await using var app = await StartAsync(sampler: null, map: app =>
        {
            app.Use(async (context, next) =>
            {
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
                context.RequestAborted = timeout.Token;
                try
                {
                    timeout.CancelAfter(reaction == "canceled later" ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(1));
                    await next(context);
                }
                catch (OperationCanceledException) when (reaction == "answered")
                {
                    context.Response.StatusCode = 504;
                }
                finally
                {
                    await timeout.CancelAsync();
                }
            });
            app.UseRouting();
            app.MapGet("/health/slow", (HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted));
            app.MapGet("/by-endpoint/slow", (HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted))
                .ExcludeFromTracing();
        });

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.Equal(statusCode, (int)response.StatusCode);
        Assert.Equal([statusCode], Tags(Assert.Single(app.Spans), "http.response.status_code"));
        Assert.EndsWith($"status_code={statusCode}", Assert.Single(app.CountsOf("aspire.route_tracing.excluded_requests").Keys));
    }

    [Fact]
    public async Task The_span_has_what_was_received_and_what_the_application_set()
    {
        await using var app = await StartAsync(sampler: null, map: app => app.Use((HttpContext context, RequestDelegate _) =>
        {
            (context.Request.Method, context.Request.Scheme, context.Request.Path) = ("DELETE", "https", "/health/503");
            context.Request.Host = new HostString("shop.example");
            var server = Activity.Current!;
            server.SetTag("tenant", "a").AddEvent(new ActivityEvent("checked")).SetStatus(ActivityStatusCode.Error, "no database");
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        }));

        using var request = new HttpRequestMessage(HttpMethod.Post, "/health/received") { Headers = { { "User-Agent", "probe/1" } } };
        using var response = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal(
            ["POST", "http", "127.0.0.1", app.Port, "/health/received", "probe/1", "1.1", "a"],
            Tags(
                span,
                "http.request.method",
                "url.scheme",
                "server.address",
                "server.port",
                "url.path",
                "user_agent.original",
                "network.protocol.version",
                "tenant"));
        Assert.Equal("checked", Assert.Single(span.Events).Name);
        Assert.Equal("no database", span.StatusDescription);
    }

    [Fact]
    public async Task The_first_request_of_an_excluded_endpoint_in_a_branch_keeps_its_span()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.KeepFailedRequests = true),
            app =>
            {
                app.Map("/branch", branch => branch.UseRouting().UseEndpoints(
                    endpoints => endpoints.MapGet("/probe", Fail).ExcludeFromTracing()));
                app.UseRouting();
                app.MapGet("/orders", () => "ok");
            });

        using var first = await app.GetAsync("/orders");
        using var response = await app.GetAsync("/branch/probe");
        await app.StopAsync();

        Assert.Equal(["GET /orders", "GET /branch/probe"], app.SpanNames);
        Assert.Equal([503], Tags(app.Spans[1], "http.response.status_code"));
        Assert.Equal(1, app.CountsOf("aspire.route_tracing.excluded_requests").Values.Sum());
    }

    [Fact]
    public async Task A_failing_probe_exports_nothing_by_default()
    {
        await using var app = await StartAsync("always_on", keep: null);

        using var response = await app.GetAsync("/health/503");
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
    }

    [Fact]
    public async Task A_failing_probe_is_kept_with_the_settings_of_its_start()
    {
        TracedApp? app = null;
        await using var started = app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            web => web.MapGet("/health", () =>
            {
                app!.Reload("Aspire:RouteTracing:KeepFailedRequests", "false");
                return Results.StatusCode(503);
            }),
            new() { ["Aspire:RouteTracing:KeepFailedRequests"] = "true" });

        using var first = await app.GetAsync("/health");
        using var second = await app.GetAsync("/health");
        await app.StopAsync();

        Assert.Equal(["GET /health"], app.SpanNames);
    }

    [Fact]
    public async Task A_failing_probe_is_kept_if_the_application_has_its_own_source()
    {
        using var source = new ActivitySource("Own");
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(source);
                builder.AddRouteTracing(settings =>
                {
                    settings.KeepFailedRequests = true;
                    settings.ExcludedUrls.Add("^/health$");
                });
            },
            web => web.MapGet("/health", Fail));

        using var response = await app.GetAsync("/health");
        await app.StopAsync();

        Assert.Equal(["GET /health"], app.SpanNames);
    }

    private static object?[] Tags(Activity span, params string[] names) => Array.ConvertAll(names, span.GetTagItem);

    // A parent that isn't exported would make the span an orphan.
    private static void AssertServerSpanAlone(TracedApp app, string name, int statusCode, string? parent)
    {
        var span = Assert.Single(app.Spans);
        Assert.Equal((name, ActivityKind.Server), (span.DisplayName, span.Kind));
        Assert.Equal([statusCode], Tags(span, "http.response.status_code"));
        Assert.Equal(
            parent == TraceParent.Sampled ? TraceParent.SpanId : default(ActivitySpanId).ToHexString(), span.ParentSpanId.ToHexString());
    }

    // A ratio other than 1.0 follows the name of the sampler.
    private static Dictionary<string, string?> Sampling(string? sampler) => new()
    {
        ["OTEL_TRACES_SAMPLER"] = sampler?.Split(' ')[0],
        ["OTEL_TRACES_SAMPLER_ARG"] = sampler?.Split(' ') is [_, var ratio] ? ratio : "1.0",
    };

    private static Task<TracedApp> StartAsync(
        string? sampler,
        bool recordException = false,
        Action<WebApplication>? map = null,
        bool? keep = true,
        Action<WebApplicationBuilder>? configure = null) =>
        TracedApp.StartAsync(
            builder =>
            {
                // These logs contain the host, so one that is invalid breaks them.
                builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting", LogLevel.Warning);
                builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(options =>
                {
                    options.RecordException = recordException;
                    options.Filter = context => context.Request.Path != "/filtered";
                });
                builder.AddRouteTracing(settings =>
                {
                    settings.KeepFailedRequests = keep ?? settings.KeepFailedRequests;
                    settings.ExclusionKey = "a key that the services share";
                    settings.ExcludedUrls.Add("^/health/");
                });
                configure?.Invoke(builder);
            },
            app =>
            {
                map?.Invoke(app);
                app.MapGet("/health/ok", StartChild);
                app.MapGet("/health/404", () => Results.NotFound());
                app.MapGet("/health/malformed", string () => throw new BadHttpRequestException("malformed"));
                app.MapGet("/health/503", Fail);
                app.MapGet("/health/throwing", string () => throw new InvalidOperationException("unhealthy"));
                app.MapGet("/by-endpoint", Fail).ExcludeFromTracing();
                app.MapGet("/filtered", Fail);
                app.MapGet("/failing", Fail);
            },
            Sampling(sampler));

    private static IResult Fail()
    {
        StartChild();
        return Results.StatusCode(503);
    }

    private static void StartChild() => TracedApp.Source.StartActivity("child")?.Dispose();

    private sealed class UnavailableHandler : IExceptionHandler
    {
        public ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return ValueTask.FromResult(true);
        }
    }

    private sealed class FirstMiddleware(Action<HttpContext> change) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, following) =>
            {
                change(context);
                return following(context);
            });
            next(app);
        };
    }
}
