using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Several applications, workers and tracer providers in one process.</summary>
public sealed class SeveralApplicationsTests
{
    [Fact]
    public async Task Two_applications_in_one_process_have_their_own_lists()
    {
        await using var shop = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")), NamedRoute.Map, NamedRoute.AlwaysOn);
        await using var admin = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/orders$")), NamedRoute.Map, NamedRoute.AlwaysOn);

        foreach (var app in new[] { shop, admin })
        {
            using var health = await app.GetAsync("/health");
            using var orders = await app.GetAsync("/orders");
        }

        // The metrics of the shop have the counts of both.
        await admin.StopAsync();
        await shop.StopAsync();

        Assert.Equal("/orders", Assert.Single(ServerSpans(shop)).GetTagItem("url.path"));
        Assert.Equal("/health", Assert.Single(ServerSpans(admin)).GetTagItem("url.path"));
        Assert.Equal(
            new Dictionary<string, long>
            {
                ["aspire.route_tracing.pattern=^/health$ http.response.status_code=200"] = 1,
                ["aspire.route_tracing.pattern=^/orders$ http.response.status_code=200"] = 1,
            },
            shop.CountsOf("aspire.route_tracing.excluded_requests"));
    }

    [Fact]
    public async Task A_list_does_not_apply_to_an_application_without_route_tracing()
    {
        await using var shop = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add(".*")), NamedRoute.Map, NamedRoute.AlwaysOn);
        await using var other = await TracedApp.StartAsync(
            builder => builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddAspNetCoreInstrumentation()),
            NamedRoute.Map,
            NamedRoute.AlwaysOn);

        using var response = await other.GetAsync("/orders");
        await other.StopAsync();

        Assert.Equal(["child", "GET /{name}"], other.SpanNames);
    }

    [Fact]
    public async Task One_of_several_tracer_providers_can_have_route_tracing()
    {
        var spans = new List<Activity>();
        using var provider = Sdk.CreateTracerProviderBuilder()
            .AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"))
            .AddSource(TracedApp.SourceName)
            .SetSampler(new AlwaysOnSampler())
            .AddInMemoryExporter(spans)
            .Build();
        await using var app = await TracedApp.StartAsync(_ => { }, NamedRoute.Map, NamedRoute.AlwaysOn);

        using var excluded = await app.GetAsync("/excluded");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], spans.Select(span => span.DisplayName));
    }

    [Fact]
    public async Task A_request_that_another_tracer_provider_also_excludes_is_counted()
    {
        using var provider = Sdk.CreateTracerProviderBuilder()
            .AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"))
            .SetSampler(new AlwaysOnSampler())
            .Build();
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$")),
            NamedRoute.Map,
            NamedRoute.AlwaysOn);

        using var response = await app.GetAsync("/excluded");
        await app.StopAsync();

        Assert.Empty(app.Spans);
        Assert.Empty(app.CountsOf("http.server.request.duration"));
        Assert.Equal(1, app.CountsOf("aspire.route_tracing.excluded_requests").Values.Sum());
    }

    [Fact]
    public async Task A_list_applies_beside_a_tracer_provider_without_a_host()
    {
        using var provider = Sdk.CreateTracerProviderBuilder().AddRouteTracing().SetSampler(new AlwaysOnSampler()).Build();
        string? excludedBy = null;
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$")),
            app => app.MapGet("/excluded", () => excludedBy = ExcludedRequest.Current?.ExcludedBy),
            new() { ["OTEL_SDK_DISABLED"] = "true" });

        using var response = await app.GetAsync("/excluded");

        Assert.Equal("^/excluded$", excludedBy);
    }

    [Fact]
    public async Task A_worker_that_shares_the_service_defaults_starts_and_stops()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$"));
        builder.Services.AddOpenTelemetry().WithTracing();
        using var worker = builder.Build();

        await worker.StartAsync(TestContext.Current.CancellationToken);
        await worker.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_list_of_a_worker_does_not_apply_to_a_web_application()
    {
        await using var app = await TracedApp.StartAsync(builder => builder.AddRouteTracing(), NamedRoute.Map);
        var builder = Host.CreateApplicationBuilder();
        builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/orders$"));
        builder.Services.AddOpenTelemetry().WithTracing();
        using var worker = builder.Build();
        await worker.StartAsync(TestContext.Current.CancellationToken);

        using var response = await app.GetAsync("/orders");
        await worker.StopAsync(TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], app.SpanNames);
    }

    [Fact]
    public async Task A_worker_does_not_change_the_endpoints_of_a_web_application()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddOpenTelemetry().WithTracing(
            tracing => tracing.AddRouteTracing(settings => settings.RouteTemplateFormat = RouteTemplateFormat.Simple));
        using var worker = builder.Build();
        await worker.StartAsync(TestContext.Current.CancellationToken);
        await using var app = await TracedApp.StartAsync(
            builder => builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddAspNetCoreInstrumentation()),
            app =>
            {
                app.MapGet("/excluded/{id:int}", (int id) => id).ExcludeFromTracing();
                app.MapGet("/orders/{id:int}", (int id) => id);
            });

        using var excluded = await app.GetAsync("/excluded/1");
        using var order = await app.GetAsync("/orders/1");
        await worker.StopAsync(TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal(["GET /excluded/{id:int}", "GET /orders/{id:int}"], app.SpanNames);
    }

    [Fact]
    public async Task The_list_of_an_application_that_is_not_started_does_not_apply_to_others()
    {
        await using var app = await TracedApp.StartAsync(builder => builder.AddRouteTracing(), NamedRoute.Map);
        var builder = WebApplication.CreateBuilder();
        builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/orders$"));
        builder.Services.AddOpenTelemetry().WithTracing();
        await using var other = builder.Build();
        _ = other.Services.GetRequiredService<TracerProvider>();

        using var response = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], app.SpanNames);
    }

    [Fact]
    public async Task Exclusions_apply_to_a_tracer_provider_outside_the_application()
    {
        var spans = new List<Activity>();
        using var beside = Sdk.CreateTracerProviderBuilder()
            .AddSource("Microsoft.AspNetCore")
            .SetSampler(new AlwaysOnSampler())
            .AddInMemoryExporter(spans)
            .Build();
        var metrics = new List<Metric>();
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddOpenTelemetry().WithMetrics(meters => meters.AddAspNetCoreInstrumentation().AddInMemoryExporter(metrics));
        builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"));
        await using var app = builder.Build();
        NamedRoute.Map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);

        using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null })
        {
            BaseAddress = new(app.Urls.Single()),
        };
        using var excluded = await client.GetAsync("/excluded", TestContext.Current.CancellationToken);
        excluded.EnsureSuccessStatusCode();
        using var traced = await client.GetAsync("/orders", TestContext.Current.CancellationToken);
        await app.StopAsync(TestContext.Current.CancellationToken);
        app.Services.GetRequiredService<MeterProvider>().ForceFlush();

        // Those of the second request.
        Assert.Single(spans);
        Assert.Equal(1, TracedApp.CountsOf(metrics, "http.server.request.duration").Values.Sum());
        Assert.Equal(1, TracedApp.CountsOf(metrics, "aspire.route_tracing.excluded_requests").Values.Sum());
    }

    private static IEnumerable<Activity> ServerSpans(TracedApp app) => app.Spans.Where(span => span.Kind == ActivityKind.Server);
}
