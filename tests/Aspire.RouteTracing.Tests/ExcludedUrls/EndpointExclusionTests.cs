using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Tests.Apps;
using Aspire.RouteTracing.Tests.ExcludedUrls.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Requests of an endpoint with the attribute are excluded and counted.</summary>
public sealed class EndpointExclusionTests
{
    [Theory]
    [InlineData(null, "/probe/1")]
    [InlineData("always_on", "/probe/1")]
    [InlineData("always_on", "/PROBE/1/")]
    [InlineData("always_on", "/attributed")]
    [InlineData("always_on", "/group/member")]
    public async Task A_request_to_an_excluded_endpoint_exports_no_span(string? sampler, string path)
    {
        await using var app = await ExcludedEndpoints.StartAsync(sampler);

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

        // Afterwards, the endpoints are known.
        using var first = await app.GetAsync("/half-quiet-controller/traced");
        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            using var response = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
            response.EnsureSuccessStatusCode();
        }

        await app.StopAsync();

        Assert.Equal(1 + (2 * spans), app.Spans.Count);
    }

    [Fact]
    public async Task Razor_Pages_do_not_make_every_request_carry_an_exclusion()
    {
        var carried = new List<bool>();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                builder.Services
                    .AddRazorPages(options => options.RootDirectory = "/RouteNames/Apps/Pages")
                    .AddApplicationPart(typeof(QuietController).Assembly);
            },
            app =>
            {
                app.MapRazorPages();
                app.MapGet("/orders", () => carried.Add(ExcludedRequest.Current is not null));
            });

        // At the first request, the endpoints are not known.
        foreach (var path in new[] { "/orders", "/orders", "/about-us", "/orders" })
        {
            using var response = await app.GetAsync(path);
            response.EnsureSuccessStatusCode();
        }

        await app.StopAsync();

        Assert.Equal([true, false, false], carried);
    }

    [Theory]
    [InlineData("/probe", "/probe")]
    [InlineData("/base/probe", "/base/probe")]
    public async Task An_endpoint_that_a_routing_policy_copies_is_excluded(string path, string route)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                builder.Services.AddSingleton<MatcherPolicy, CopyingPolicy>();
            },
            app =>
            {
                app.UsePathBase("/base");
                app.UseRouting();
                app.MapGet("/probe", () => "ready").ExcludeFromTracing();
            });

        using var response = await app.GetAsync(path);
        Assert.Equal("copied", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await app.StopAsync();

        Assert.Empty(app.Spans);
        Assert.Equal(
            new Dictionary<string, long> { [$"aspire.route_tracing.pattern={route} http.response.status_code=200"] = 1 },
            app.CountsOf("aspire.route_tracing.excluded_requests"));
    }

    [Fact]
    public async Task An_excluded_endpoint_is_counted_by_its_route()
    {
        await using var app = await ExcludedEndpoints.StartAsync(null);

        using var first = await app.GetAsync("/probe/1");
        using var second = await app.GetAsync("/probe/2");
        await app.StopAsync();

        Assert.Equal(
            new Dictionary<string, long> { ["aspire.route_tracing.pattern=/probe/{id} http.response.status_code=200"] = 2 },
            app.CountsOf("aspire.route_tracing.excluded_requests"));
    }

    [Fact]
    public async Task An_endpoint_that_its_URL_also_excludes_is_counted_once()
    {
        await using var app = await ExcludedEndpoints.StartAsync(null, "^/probe/");

        using var response = await app.GetAsync("/probe/1");
        await app.StopAsync();

        Assert.Equal(
            new Dictionary<string, long> { ["aspire.route_tracing.pattern=^/probe/ http.response.status_code=200"] = 1 },
            app.CountsOf("aspire.route_tracing.excluded_requests"));
    }

    [Theory]
    [InlineData("^/old$", "^/old$")]
    [InlineData("^/probe/", "/probe/{id}")]
    public async Task An_endpoint_behind_a_rewritten_path_is_counted_once(string excludedUrl, string pattern)
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
                app.MapGet("/probe/{id}", ExcludedEndpoints.StartChild).ExcludeFromTracing();
            },
            ExcludedEndpoints.AlwaysOn);

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
    public async Task A_span_that_ended_before_routing_is_exported()
    {
        await using var app = await ExcludedEndpoints.StartAsync("always_on", earlySpan: true);

        using var response = await app.GetAsync("/probe/1");
        await app.StopAsync();

        Assert.Equal(["before routing"], app.SpanNames);
    }

    [Fact]
    public async Task An_excluded_error_page_does_not_exclude_the_failed_request()
    {
        await using var app = await ExcludedEndpoints.StartAsync("always_on");

        using var response = await app.GetAsync("/boom");
        await app.StopAsync();

        Assert.Single(app.Spans, span => span.Kind == ActivityKind.Server);
    }

    [Fact]
    public async Task Other_endpoints_are_traced()
    {
        await using var app = await ExcludedEndpoints.StartAsync("always_on");

        using var response = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "GET /orders"], app.SpanNames);
    }

    [Fact]
    public async Task An_excluded_endpoint_is_traced_while_route_tracing_is_suspended()
    {
        await using var app = await ExcludedEndpoints.StartAsync("always_on");

        using (app.RouteTracing().Suspend())
        {
            using var response = await app.GetAsync("/probe/1");
        }

        await app.StopAsync();

        Assert.Equal(["child", "GET /probe/{id}"], app.SpanNames);
    }

    [Fact]
    public async Task An_endpoint_that_the_Filter_also_rejects_is_counted_as_excluded()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(
                    options => options.Filter = context => context.Request.Path != "/probe");
                builder.AddRouteTracing();
            },
            app => app.MapGet("/probe", ExcludedEndpoints.StartChild).ExcludeFromTracing(),
            ExcludedEndpoints.AlwaysOn);

        using var response = await app.GetAsync("/probe");
        await app.StopAsync();

        Assert.Equal([1L], app.CountsOf("aspire.route_tracing.excluded_requests").Values);
        Assert.Empty(app.CountsOf("http.server.request.duration"));
    }

    [Fact]
    public async Task An_endpoint_that_an_excluded_request_calls_is_counted_as_excluded()
    {
        var key = new Dictionary<string, string?> { ["Aspire:RouteTracing:ExclusionKey"] = CallingServices.Key };
        await using var callee = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app => app.MapGet("/probe", ExcludedEndpoints.StartChild).ExcludeFromTracing(),
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
        // The callee's meter provider also collects the meters of the caller, which runs in the same process.
        Assert.Equal(
            1, Assert.Single(callee.CountsOf("aspire.route_tracing.excluded_requests"), count => count.Key.Contains("/probe")).Value);
    }

    [Fact]
    public async Task An_excluded_request_whose_span_is_renamed_is_counted_once()
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
                app.MapGet("/probe", ExcludedEndpoints.StartChild).ExcludeFromTracing();
            },
            ExcludedEndpoints.AlwaysOn);

        using var response = await app.GetAsync("/probe");
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
        Assert.Equal([1L], app.CountsOf("aspire.route_tracing.excluded_requests").Values);
    }

    private sealed class CopyingPolicy : MatcherPolicy, IEndpointSelectorPolicy
    {
        public override int Order => 0;

        public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => true;

        public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
        {
            for (var i = 0; i < candidates.Count; i++)
            {
                var endpoint = candidates[i].Endpoint;
                var copy = new Endpoint(context => context.Response.WriteAsync("copied"), endpoint.Metadata, endpoint.DisplayName);
                candidates.ReplaceEndpoint(i, copy, candidates[i].Values);
            }

            return Task.CompletedTask;
        }
    }
}
