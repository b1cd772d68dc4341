using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Several applications, workers and tracer providers in one process.</summary>
public sealed class SeveralApplicationsTests
{
    public static TheoryData<string?, string?, string?> SamplersAndKeys => new MatrixTheoryData<string?, string?, string?>(
        [null, "always_on", "traceidratio"],
        [null, "the key of the shop"],
        [null, "the key of the admin"]);

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

    [Theory]
    [MemberData(nameof(SamplersAndKeys))]
    public async Task An_application_does_not_sign_with_the_key_of_another(string? sampler, string? shopKey, string? adminKey)
    {
        var traceStates = new List<string?>();
        await using var shop = await StartAsync(shopKey);
        await using var admin = await StartAsync(adminKey);

        using var shopHealth = await shop.GetAsync($"/health?next={admin.Port}");
        using var adminHealth = await admin.GetAsync($"/health?next={shop.Port}");
        await admin.StopAsync();
        await shop.StopAsync();

        Assert.Equal(
            [shopKey is not null, adminKey is not null],
            traceStates.Select(state => state?.Contains("aspire-excluded=", StringComparison.Ordinal) == true));

        // A receiver would exclude a call that is signed with its own key. Both providers export the spans of the process.
        Assert.Equal(["called", "called"], shop.SpanNames.Where(name => name == "called"));

        Task<TracedApp> StartAsync(string? key) => TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.ExclusionKey = key;
                settings.ExcludedUrls.Add("^/health$");
            }),
            app =>
            {
                app.MapGet("/health", async (int next, IHttpClientFactory clients) =>
                {
                    using var client = clients.CreateClient();
                    return await client.GetStringAsync(new Uri($"http://127.0.0.1:{next}/called"));
                });
                app.MapGet("/called", (HttpRequest request) =>
                {
                    traceStates.Add(request.Headers.TraceState);

                    // A new trace, because the call is unsampled, which parent-based samplers follow.
                    Activity.Current = null;
                    using var root = TracedApp.Source.StartActivity("called");
                });
            },
            new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0" });
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
    public async Task An_error_page_keeps_the_name_that_a_provider_without_a_host_gives()
    {
        var spans = new List<Activity>();
        using var provider = Sdk.CreateTracerProviderBuilder().AddRouteTracing().AddInMemoryExporter(spans).Build();
        await using var app = await TracedApp.StartAsync(
            _ => { },
            app =>
            {
                app.UseStatusCodePagesWithReExecute("/status/{0}");
                app.MapGet("/missing/{id:int}", (int id) => Results.NotFound());
                app.MapGet("/status/{code:int}", (int code) => $"Status {code}");
            });

        using var response = await app.GetAsync("/missing/1");
        await app.StopAsync();

        Assert.Equal("GET /missing/{id:int}", Assert.Single(spans).DisplayName);
    }

    [Fact]
    public async Task Headers_of_another_application_are_not_captured()
    {
        await using var shop = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.CapturedRequestHeaders.Add(".*");
                settings.CapturedResponseHeaders.Add(".*");
            }),
            NamedRoute.Map,
            NamedRoute.AlwaysOn);
        await using var other = await TracedApp.StartAsync(
            builder => builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddAspNetCoreInstrumentation()),
            NamedRoute.Map,
            NamedRoute.AlwaysOn);

        using var captured = await shop.GetAsync("/orders");
        using var response = await other.GetAsync("/orders");
        await shop.StopAsync();
        await other.StopAsync();

        Assert.True(HasHeaders(Assert.Single(ServerSpans(shop))));
        Assert.False(HasHeaders(Assert.Single(ServerSpans(other))));

        static bool HasHeaders(Activity span) => span.TagObjects.Any(tag => tag.Key.StartsWith("http.re", StringComparison.Ordinal)
            && tag.Key.Contains(".header.", StringComparison.Ordinal));
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

    [Theory]
    [InlineData("stock")]
    [InlineData("disabled")]
    [InlineData("suspended")]
    public async Task A_Filter_keeps_child_spans_beside_a_tracer_provider_without_a_host(string state)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddOpenTelemetry().WithTracing(
                    tracing => tracing.AddAspNetCoreInstrumentation(options => options.Filter = _ => false));
                if (state != "stock")
                {
                    builder.AddRouteTracing(settings => settings.Enabled = state != "disabled");
                }
            },
            NamedRoute.Map,
            NamedRoute.AlwaysOn);
        using var suspension = state == "suspended" ? app.RouteTracing().Suspend() : null;

        // The last provider is asked first. It tracks the request, and the application's Filter rejects it.
        using var provider = Sdk.CreateTracerProviderBuilder().AddRouteTracing().SetSampler(new AlwaysOnSampler()).Build();
        using var response = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child"], app.SpanNames);
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
