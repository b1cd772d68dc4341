using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Aspire.RouteTracing.Tests.ExcludedUrls.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Rewrite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>An endpoint can say itself that its requests leave no trace.</summary>
public sealed class EndpointExclusionTests
{
    private static readonly Dictionary<string, string?> AlwaysOn = new() { ["OTEL_TRACES_SAMPLER"] = "always_on" };

    [Theory]
    [InlineData(null, "/probe/1")]
    [InlineData("always_on", "/probe/1")]
    [InlineData("always_on", "/PROBE/1/")]
    [InlineData("always_on", "/attributed")]
    [InlineData("always_on", "/group/member")]
    public async Task A_request_to_an_excluded_endpoint_exports_no_span(string? sampler, string path)
    {
        await using var app = await StartAsync(sampler);

        using var response = await app.GetAsync(path);
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
        Assert.Empty(app.CountsOf("http.server.request.duration"));
    }

    [Theory]
    [InlineData("GET", "/quiet-controller", 0)]
    [InlineData("GET", "/half-quiet-controller/quiet", 0)]
    [InlineData("GET", "/half-quiet-controller/traced", 1)]
    [InlineData("GET", "/Quiet", 0)]
    [InlineData("POST", "/quiet-hub/negotiate?negotiateVersion=1", 0)]
    public async Task Controllers_actions_pages_and_hubs_can_have_the_attribute(string method, string path, int spans)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                builder.Services.AddControllers().AddApplicationPart(typeof(QuietController).Assembly);
                builder.Services
                    .AddRazorPages(options => options.RootDirectory = "/ExcludedUrls/Apps/Pages")
                    .AddApplicationPart(typeof(QuietController).Assembly);
                builder.Services.AddSignalR();
            },
            app =>
            {
                app.MapControllers();
                app.MapRazorPages();
                app.MapHub<QuietHub>("/quiet-hub");
            });

        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Equal(spans, app.Spans.Count);
    }

    [Fact]
    public async Task It_is_counted_by_its_route()
    {
        await using var app = await StartAsync(null);

        using var first = await app.GetAsync("/probe/1");
        using var second = await app.GetAsync("/probe/2");
        await app.StopAsync();

        Assert.Equal(
            new Dictionary<string, long> { ["aspire.route_tracing.pattern=/probe/{id} http.response.status_code=200"] = 2 },
            app.CountsOf("aspire.route_tracing.excluded_requests"));
    }

    [Fact]
    public async Task Excluded_by_its_URL_too_it_is_counted_once()
    {
        await using var app = await StartAsync(null, "^/probe/");

        using var response = await app.GetAsync("/probe/1");
        await app.StopAsync();

        Assert.Equal(
            new Dictionary<string, long> { ["aspire.route_tracing.pattern=^/probe/ http.response.status_code=200"] = 1 },
            app.CountsOf("aspire.route_tracing.excluded_requests"));
    }

    [Theory]
    [InlineData("^/old$", "^/old$")]
    [InlineData("^/probe/", "/probe/{id}")]
    public async Task Reached_by_another_path_it_is_counted_once_and_exports_no_span(string excludedUrl, string pattern)
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add(excludedUrl)),
            app =>
            {
                app.Use((context, next) =>
                {
                    context.Request.Path = "/probe/1";
                    return next(context);
                });
                app.UseRouting();
                app.MapGet("/probe/{id}", StartChild).ExcludeFromTracing();
            },
            AlwaysOn);

        using var response = await app.GetAsync("/old");
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
        Assert.Empty(app.CountsOf("http.server.request.duration"));
        Assert.Equal(
            new Dictionary<string, long> { [$"aspire.route_tracing.pattern={pattern} http.response.status_code=200"] = 1 },
            app.CountsOf("aspire.route_tracing.excluded_requests"));
    }

    [Fact]
    public async Task What_ended_before_routing_stays()
    {
        await using var app = await StartAsync("always_on", earlySpan: true);

        using var response = await app.GetAsync("/probe/1");
        await app.StopAsync();

        Assert.Equal(["before routing"], app.SpanNames);
    }

    [Fact]
    public async Task An_excluded_error_page_does_not_take_the_failed_request_with_it()
    {
        await using var app = await StartAsync("always_on");

        using var response = await app.GetAsync("/boom");
        await app.StopAsync();

        Assert.Single(app.Spans, span => span.Kind == ActivityKind.Server);
    }

    [Fact]
    public async Task Other_endpoints_are_traced()
    {
        await using var app = await StartAsync("always_on");

        using var response = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "GET /orders"], app.SpanNames);
    }

    [Fact]
    public async Task While_route_tracing_is_suspended_it_is_traced()
    {
        await using var app = await StartAsync("always_on");

        using (app.RouteTracing().Suspend())
        {
            using var response = await app.GetAsync("/probe/1");
        }

        await app.StopAsync();

        Assert.Equal(["child", "GET /probe/{id}"], app.SpanNames);
    }

    [Fact]
    public async Task An_excluded_endpoint_excludes_the_spans_of_the_middleware_around_routing()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app =>
            {
                app.Use(async (context, next) =>
                {
                    using (TracedApp.Source.StartActivity("open"))
                    {
                        await next(context);
                    }

                    TracedApp.Source.StartActivity("afterwards")?.Dispose();
                });
                app.UseRouting();
                app.MapGet("/probe", StartChild).ExcludeFromTracing();
            },
            AlwaysOn);

        using var response = await app.GetAsync("/probe");
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
    }

    [Fact]
    public async Task The_error_page_of_an_excluded_endpoint_exports_no_span()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app =>
            {
                app.UseExceptionHandler(error => error.Run(_ =>
                {
                    StartChild();
                    return Task.CompletedTask;
                }));
                app.Use(async (context, next) => await next(context));
                app.UseRouting();
                app.MapGet("/probe", string () => throw new InvalidOperationException()).ExcludeFromTracing();
            },
            AlwaysOn);

        using var response = await app.GetAsync("/probe");
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
        Assert.Contains("status_code=500", Assert.Single(app.CountsOf("aspire.route_tracing.excluded_requests").Keys));
    }

    [Fact]
    public async Task An_excluded_endpoint_that_the_filter_rejects_too_is_counted_as_excluded()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(
                    options => options.Filter = context => context.Request.Path != "/probe");
                builder.AddRouteTracing();
            },
            app => app.MapGet("/probe", StartChild).ExcludeFromTracing(),
            AlwaysOn);

        using var response = await app.GetAsync("/probe");
        await app.StopAsync();

        Assert.Equal([1L], app.CountsOf("aspire.route_tracing.excluded_requests").Values);
        Assert.Empty(app.CountsOf("http.server.request.duration"));
    }

    [Fact]
    public async Task An_excluded_endpoint_behind_an_excluded_request_is_counted_as_excluded()
    {
        var key = new Dictionary<string, string?> { ["Aspire:RouteTracing:ExclusionKey"] = "key" };
        await using var callee = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app => app.MapGet("/probe", StartChild).ExcludeFromTracing(),
            key);
        await using var caller = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app => app.MapGet(
                "/health",
                async (IHttpClientFactory clients) => await clients.CreateClient().GetStringAsync($"http://127.0.0.1:{callee.Port}/probe")),
            key);

        using var response = await caller.GetAsync("/health");
        response.EnsureSuccessStatusCode();
        await caller.StopAsync();
        await callee.StopAsync();

        Assert.Empty(callee.SpanNames);
        Assert.Empty(callee.CountsOf("http.server.request.duration"));
        // The callee's provider collects the meters of the caller, too, which is in the same process.
        Assert.Equal(
            1, Assert.Single(callee.CountsOf("aspire.route_tracing.excluded_requests"), count => count.Key.Contains("/probe")).Value);
    }

    [Fact]
    public async Task An_excluded_endpoint_that_is_chosen_twice_is_counted_once()
    {
        var attempts = 0;
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app =>
            {
                app.Use(async (context, next) =>
                {
                    try
                    {
                        await next(context);
                    }
                    catch (InvalidOperationException)
                    {
                        context.SetEndpoint(null);
                        await next(context);
                    }
                });
                app.UseRouting();
                app.MapGet("/probe", () => attempts++ == 0 ? throw new InvalidOperationException() : "ok").ExcludeFromTracing();
            },
            AlwaysOn);

        using var response = await app.GetAsync("/probe");
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Equal(2, attempts);
        Assert.Equal([1L], app.CountsOf("aspire.route_tracing.excluded_requests").Values);
    }

    [Theory]
    [InlineData(false, new[] { "child", "GET /users/{id}" })]
    [InlineData(true, new string[0])]
    public async Task One_that_routing_chose_before_the_path_was_rewritten_excludes_nothing(bool isFilteredOut, string[] spans)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                if (isFilteredOut)
                {
                    builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(options => options.Filter = _ => false);
                }
            },
            app =>
            {
                // No UseRouting: a WebApplication has routing run ahead of this, and again after it.
                app.UseRewriter(new RewriteOptions().AddRewrite("^people/(.*)$", "users/$1", skipRemainingRules: true));
                app.MapGet("/users/{id}", StartChild);
                app.MapFallback(StartChild).ExcludeFromTracing();
            },
            AlwaysOn);

        using var rewritten = await app.GetAsync("/people/1");
        rewritten.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Equal(spans, app.SpanNames);
        Assert.Contains("http.route=/users/{id}", Assert.Single(app.CountsOf("http.server.request.duration").Keys));
        Assert.Empty(app.CountsOf("aspire.route_tracing.excluded_requests"));
    }

    [Theory]
    [InlineData("/health", new[] { "GET /{*path:nonfile}" })]
    [InlineData("/forbidden", new[] { "GET /forbidden" })]
    [InlineData("/home", new string[0])]
    public async Task An_excluded_endpoint_that_does_not_execute_excludes_nothing(string path, string[] spans)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                builder.Services.AddHealthChecks();
            },
            app =>
            {
                // A WebApplication has routing choose the fallback before this middleware answers.
                app.UseHealthChecks("/health");
                app.Use((context, next) =>
                {
                    context.Response.StatusCode = context.Request.Path == "/forbidden" ? 403 : 200;
                    return context.Request.Path == "/forbidden" ? Task.CompletedTask : next(context);
                });
                app.MapGet("/forbidden", StartChild).ExcludeFromTracing();
                app.MapFallback(StartChild).ExcludeFromTracing();
            },
            AlwaysOn);

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.Equal(spans, app.SpanNames);
    }

    [Fact]
    public async Task Spans_that_outer_middleware_starts_without_a_current_activity_are_quiet()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app =>
            {
                app.Use(async (context, next) =>
                {
                    await next(context);
                    Activity.Current = null;
                    TracedApp.Source.StartActivity("afterwards")?.Dispose();
                });
                app.UseRouting();
                app.MapGet("/probe", async () =>
                {
                    await Task.Yield();
                    Activity.Current = null;
                    using var legacy = new Activity("legacy").Start();
                    TracedApp.Source.StartActivity("below a legacy activity")?.Dispose();
                }).ExcludeFromTracing();
            },
            AlwaysOn);

        using var response = await app.GetAsync("/probe");
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
    }

    [Fact]
    public async Task An_excluded_request_whose_span_the_application_renames_is_counted_once()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/probe$")),
            app =>
            {
                app.Use((context, next) =>
                {
                    Activity.Current!.DisplayName = "Readiness";
                    return next(context);
                });
                app.UseRouting();
                app.MapGet("/probe", StartChild).ExcludeFromTracing();
            },
            AlwaysOn);

        using var response = await app.GetAsync("/probe");
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
        Assert.Equal([1L], app.CountsOf("aspire.route_tracing.excluded_requests").Values);
    }

    private static Task<TracedApp> StartAsync(string? sampler, string? excludedUrl = null, bool earlySpan = false) => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(settings =>
        {
            if (excludedUrl is not null)
            {
                settings.ExcludedUrls.Add(excludedUrl);
            }
        }),
        app =>
        {
            app.UseExceptionHandler("/error");
            if (earlySpan)
            {
                app.Use(async (context, next) =>
                {
                    TracedApp.Source.StartActivity("before routing")?.Dispose();
                    await next(context);
                });
                app.UseRouting();
            }

            app.MapGet("/probe/{id}", StartChild).ExcludeFromTracing();
            app.MapGet("/attributed", [ExcludeFromTracing] () => StartChild());
            app.MapGroup("/group").ExcludeFromTracing().MapGet("/member", StartChild);
            app.MapGet("/boom", string () => throw new InvalidOperationException("boom"));
            app.Map("/error", () => "sorry").ExcludeFromTracing();
            app.MapGet("/orders", StartChild);
        },
        new() { ["OTEL_TRACES_SAMPLER"] = sampler });

    private static void StartChild() => TracedApp.Source.StartActivity("child")?.Dispose();
}
