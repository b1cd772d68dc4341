using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>What the application, its service defaults or another application of the process set up stays in force.</summary>
public sealed class ExclusionBesideOthersTests
{
    private static readonly Dictionary<string, string?> AlwaysOn = new() { ["OTEL_TRACES_SAMPLER"] = "always_on" };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_filter_of_Aspires_template_stays_in_force_and_quietens_what_is_below(bool filterFirst)
    {
        await using var app = await TracedApp.StartAsync(
            builder => InOrder(
                filterFirst,
                () => AddTemplateTracing(builder),
                () => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"))),
            MapWithChild,
            AlwaysOn);

        foreach (var path in new[] { "/health", "/alive", "/excluded", "/orders" })
        {
            using var response = await app.GetAsync(path);
        }

        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], app.SpanNames);
        Assert.Equal(
            4,
            app.CountsOf("http.server.request.duration").Values.Sum()
                + app.CountsOf("aspire.route_tracing.excluded_requests").Values.Sum());
        Assert.Equal(
            ["aspire.route_tracing.pattern=^/excluded$ http.response.status_code=200"],
            app.CountsOf("aspire.route_tracing.excluded_requests").Keys);
    }

    [Fact]
    public async Task Callbacks_that_are_set_after_everything_else_stay_in_force_too()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"));
                builder.Services.PostConfigureAll<AspNetCoreTraceInstrumentationOptions>(options =>
                {
                    options.Filter = context => context.Request.Path != "/filtered";
                    options.EnrichWithHttpResponse = (span, _) => span.SetTag("enriched", true);
                });
            },
            MapWithChild,
            AlwaysOn);

        foreach (var path in new[] { "/excluded", "/filtered", "/orders" })
        {
            using var response = await app.GetAsync(path);
        }

        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], app.SpanNames);
        Assert.Equal(true, app.Spans[^1].GetTagItem("enriched"));
    }

    [Fact]
    public async Task A_filter_that_throws_rejects_the_request_as_in_stock_and_quietens_what_is_below()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(
                    options => options.Filter = _ => throw new InvalidOperationException("broken filter"));
                builder.AddRouteTracing();
            },
            MapWithChild,
            AlwaysOn);

        using var response = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.True(response.IsSuccessStatusCode);
        Assert.Empty(app.Spans);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AddRouteTracing_works_before_and_after_AddAspNetCoreInstrumentation(bool instrumentationFirst)
    {
        var enriched = 0;
        await using var app = await TracedApp.StartAsync(
            builder => InOrder(
                instrumentationFirst,
                () => builder.Services.AddOpenTelemetry().WithTracing(
                    tracing => tracing.AddAspNetCoreInstrumentation(options => options.EnrichWithHttpRequest = (_, _) => enriched++)),
                () => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"))),
            MapWithChild,
            AlwaysOn);

        using var excluded = await app.GetAsync("/excluded");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], app.SpanNames);
        Assert.Equal(1, enriched);
    }

    [Fact]
    public async Task AddRouteTracing_twice_adds_up_the_lists_and_exports_each_span_once()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/one$"));
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/two$"));
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/two$"));
            },
            MapWithChild,
            AlwaysOn);

        using var one = await app.GetAsync("/one");
        using var two = await app.GetAsync("/two");
        using var three = await app.GetAsync("/three");
        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], app.SpanNames);
        Assert.Equal(
            [("^/one$", "code"), ("^/two$", "code")],
            app.ExcludedUrls());
        Assert.Equal(2, app.CountsOf("aspire.route_tracing.excluded_requests").Values.Sum());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("another options name")]
    public async Task AddAspNetCoreInstrumentation_twice_changes_nothing(string? name)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"));
                builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing
                    .AddAspNetCoreInstrumentation()
                    .AddAspNetCoreInstrumentation(name, options => options.Filter = context => context.Request.Path != "/filtered"));
            },
            MapWithChild,
            AlwaysOn);

        using var excluded = await app.GetAsync("/excluded");
        using var filtered = await app.GetAsync("/filtered");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], app.SpanNames);
    }

    [Fact]
    public async Task Two_applications_of_one_process_have_their_own_lists()
    {
        await using var shop = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")), MapWithChild, AlwaysOn);
        await using var admin = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/orders$")), MapWithChild, AlwaysOn);

        foreach (var app in new[] { shop, admin })
        {
            using var health = await app.GetAsync("/health");
            using var orders = await app.GetAsync("/orders");
        }

        await shop.StopAsync();
        await admin.StopAsync();

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
    public async Task An_application_without_route_tracing_is_left_alone_by_the_one_beside_it()
    {
        await using var shop = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add(".*")), MapWithChild, AlwaysOn);
        await using var other = await TracedApp.StartAsync(
            builder => builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddAspNetCoreInstrumentation()),
            MapWithChild,
            AlwaysOn);

        using var response = await other.GetAsync("/orders");
        await other.StopAsync();

        Assert.Equal(["child", "GET /{name}"], other.SpanNames);
    }

    [Fact]
    public async Task One_tracer_provider_among_several_can_have_it()
    {
        var spans = new List<Activity>();
        using var provider = Sdk.CreateTracerProviderBuilder()
            .AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"))
            .AddSource(TracedApp.SourceName)
            .SetSampler(new AlwaysOnSampler())
            .AddInMemoryExporter(spans)
            .Build();
        await using var app = await TracedApp.StartAsync(_ => { }, MapWithChild, AlwaysOn);

        using var excluded = await app.GetAsync("/excluded");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], spans.Select(span => span.DisplayName));
    }

    [Fact]
    public async Task A_request_that_another_tracer_provider_excluded_first_is_counted_as_excluded()
    {
        using var provider = Sdk.CreateTracerProviderBuilder()
            .AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"))
            .SetSampler(new AlwaysOnSampler())
            .Build();
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$")),
            MapWithChild,
            AlwaysOn);

        using var response = await app.GetAsync("/excluded");
        await app.StopAsync();

        Assert.Empty(app.Spans);
        Assert.Empty(app.CountsOf("http.server.request.duration"));
        Assert.Equal(1, app.CountsOf("aspire.route_tracing.excluded_requests").Values.Sum());
    }

    [Fact]
    public async Task The_provider_of_the_application_can_have_it_from_its_own_builder()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.Services.AddOpenTelemetry().WithTracing(
                tracing => tracing.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"))),
            MapWithChild,
            AlwaysOn);

        using var excluded = await app.GetAsync("/excluded");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], app.SpanNames);
        Assert.Equal(1, app.CountsOf("aspire.route_tracing.excluded_requests").Values.Sum());
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
    public async Task The_list_of_a_worker_does_not_apply_to_a_web_application_beside_it()
    {
        await using var app = await TracedApp.StartAsync(builder => builder.AddRouteTracing(), MapWithChild);
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
    public async Task A_worker_neither_names_nor_excludes_the_endpoints_of_a_web_application_beside_it()
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
    public async Task The_list_of_an_application_that_has_not_started_does_not_apply_to_another()
    {
        await using var app = await TracedApp.StartAsync(builder => builder.AddRouteTracing(), MapWithChild);
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
    public async Task An_application_without_a_tracer_provider_excludes_server_spans_of_others()
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
        MapWithChild(app);
        await app.StartAsync(TestContext.Current.CancellationToken);

        using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null })
        {
            BaseAddress = new(app.Urls.Single()),
        };
        using var response = await client.GetAsync("/excluded", TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        await app.StopAsync(TestContext.Current.CancellationToken);
        app.Services.GetRequiredService<MeterProvider>().ForceFlush();

        Assert.Empty(spans);
        Assert.Contains(metrics, metric => metric.Name == "aspire.route_tracing.excluded_requests");
        Assert.DoesNotContain(metrics, metric => metric.Name == "http.server.request.duration");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_startup_filter_in_front_started_is_quiet_with_the_rest_of_the_request(bool asNewRoot)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"));
                builder.Services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter>(new SpanInFront(asNewRoot)));
            },
            MapWithChild,
            AlwaysOn);

        using var excluded = await app.GetAsync("/excluded");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "in front", "GET /{name}"], app.SpanNames);
    }

    private static IEnumerable<Activity> ServerSpans(TracedApp app) => app.Spans.Where(span => span.Kind == ActivityKind.Server);

    private static void InOrder(bool firstFirst, Action first, Action second)
    {
        (firstFirst ? first : second)();
        (firstFirst ? second : first)();
    }

    // As Aspire's service defaults template has it.
    private static void AddTemplateTracing(WebApplicationBuilder builder) =>
        builder.Services
            .AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddAspNetCoreInstrumentation(options => options.Filter = context =>
            !context.Request.Path.StartsWithSegments("/health") && !context.Request.Path.StartsWithSegments("/alive")));

    private static void MapWithChild(WebApplication app) =>
        app.MapGet("/{name}", () => TracedApp.Source.StartActivity("child")?.Dispose());

    private sealed class SpanInFront(bool asNewRoot) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, rest) =>
            {
                Activity.Current = asNewRoot ? null : Activity.Current;
                using var span = TracedApp.Source.StartActivity("in front");
                await rest(context);
            });
            next(app);
        };
    }
}
