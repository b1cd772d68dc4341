using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Rewrite;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Primitives;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>An excluded endpoint and the middleware around it.</summary>
public sealed class EndpointExclusionPipelineTests
{
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
                app.MapGet("/probe", ExcludedEndpoints.StartChild).ExcludeFromTracing();
            },
            ExcludedEndpoints.AlwaysOn);

        using var response = await app.GetAsync("/probe");
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
    }

    [Fact]
    public async Task An_excluded_endpoint_excludes_a_request_whose_context_is_wrapped()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app =>
            {
                app.Use((HttpContext context, RequestDelegate next) => next(new DefaultHttpContext(context.Features)));
                app.UseRouting();
                app.MapGet("/probe", ExcludedEndpoints.StartChild).ExcludeFromTracing();
            },
            ExcludedEndpoints.AlwaysOn);

        using var response = await app.GetAsync("/probe");
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
        Assert.Empty(app.CountsOf("http.server.request.duration"));
        Assert.Equal(1, app.CountsOf("aspire.route_tracing.excluded_requests").Values.Sum());
    }

    [Fact]
    public async Task An_excluded_endpoint_of_a_branch_excludes_the_first_request_of_the_branch()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ResponsePropagators = ResponsePropagators.TraceResponse),
            app =>
            {
                app.Map("/branch", branch => branch.UseRouting().UseEndpoints(
                    endpoints => endpoints.MapGet("/probe", ExcludedEndpoints.StartChild).ExcludeFromTracing()));
                app.UseRouting();
                app.MapGet("/orders", () => "ok");
            },
            ExcludedEndpoints.AlwaysOn);

        using var first = await app.GetAsync("/orders");
        for (var request = 0; request < 2; request++)
        {
            using var response = await app.GetAsync("/branch/probe");
            response.EnsureSuccessStatusCode();
            Assert.False(response.Headers.Contains("traceresponse"));
        }

        await app.StopAsync();

        Assert.Equal(["GET /orders"], app.SpanNames);
        Assert.Equal(1, app.CountsOf("http.server.request.duration").Values.Sum());
        Assert.Equal(2, app.CountsOf("aspire.route_tracing.excluded_requests").Values.Sum());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_a_list_the_endpoints_are_created_once(bool withRouteTracing)
    {
        var source = new CountingSource();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                if (withRouteTracing)
                {
                    builder.AddRouteTracing();
                }
            },
            app =>
            {
                app.UseRouting();
                ((IEndpointRouteBuilder)app).DataSources.Add(source);
            });

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(1, source.Reads);
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
                    ExcludedEndpoints.StartChild();
                    return Task.CompletedTask;
                }));
                app.Use(async (context, next) => await next(context));
                app.UseRouting();
                app.MapGet("/probe", string () => throw new InvalidOperationException()).ExcludeFromTracing();
            },
            ExcludedEndpoints.AlwaysOn);

        using var response = await app.GetAsync("/probe");
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
        Assert.Contains("status_code=500", Assert.Single(app.CountsOf("aspire.route_tracing.excluded_requests").Keys));
    }

    [Fact]
    public async Task An_endpoint_that_executes_twice_is_counted_once()
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
            ExcludedEndpoints.AlwaysOn);

        using var response = await app.GetAsync("/probe");
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Equal(2, attempts);
        Assert.Equal([1L], app.CountsOf("aspire.route_tracing.excluded_requests").Values);
    }

    [Theory]
    [InlineData(false, new[] { "child", "GET /users/{id}" })]
    [InlineData(true, new string[0])]
    public async Task An_endpoint_selected_before_a_rewrite_excludes_nothing(bool isFilteredOut, string[] spans)
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
                // Without UseRouting, a WebApplication runs routing before this, and again after it.
                app.UseRewriter(new RewriteOptions().AddRewrite("^people/(.*)$", "users/$1", skipRemainingRules: true));
                app.MapGet("/users/{id}", ExcludedEndpoints.StartChild);
                app.MapFallback(ExcludedEndpoints.StartChild).ExcludeFromTracing();
            },
            ExcludedEndpoints.AlwaysOn);

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
                // In a WebApplication, routing selects the fallback before this middleware answers.
                app.UseHealthChecks("/health");
                app.Use((context, next) =>
                {
                    context.Response.StatusCode = context.Request.Path == "/forbidden" ? 403 : 200;
                    return context.Request.Path == "/forbidden" ? Task.CompletedTask : next(context);
                });
                app.MapGet("/forbidden", ExcludedEndpoints.StartChild).ExcludeFromTracing();
                app.MapFallback(ExcludedEndpoints.StartChild).ExcludeFromTracing();
            },
            ExcludedEndpoints.AlwaysOn);

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.Equal(spans, app.SpanNames);
    }

    [Fact]
    public async Task Spans_of_outer_middleware_without_a_current_activity_are_excluded()
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
            ExcludedEndpoints.AlwaysOn);

        using var response = await app.GetAsync("/probe");
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
    }

    private sealed class CountingSource : EndpointDataSource
    {
        public int Reads { get; private set; }

        public override IReadOnlyList<Endpoint> Endpoints
        {
            get
            {
                Reads++;
                return [];
            }
        }

        public override IChangeToken GetChangeToken() => NullChangeToken.Singleton;
    }
}
