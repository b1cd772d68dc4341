using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>The application's own filters, callbacks and calls of OpenTelemetry still apply.</summary>
public sealed class ApplicationInstrumentationTests
{
    public static TheoryData<string?, bool> SamplersAndSuspensions => new MatrixTheoryData<string?, bool>(
        [null, "always_on", "traceidratio"],
        [false, true]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_that_the_Filter_of_Aspires_template_rejects_loses_its_subtree(bool filterFirst)
    {
        await using var app = await TracedApp.StartAsync(
            builder => InOrder(
                filterFirst,
                () => AddTemplateTracing(builder),
                () => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"))),
            NamedRoute.Map,
            NamedRoute.AlwaysOn);

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
    public async Task An_unsampled_request_that_the_Filter_rejects_loses_new_traces_too()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                AddTemplateTracing(builder);
                builder.AddRouteTracing();
            },
            app => app.MapGet("/{name}", () =>
            {
                Activity.Current = null;
                using var root = TracedApp.Source.StartActivity("root");
            }));

        using var excluded = await app.GetAsync("/health", TraceParent.Unsampled);
        using var traced = await app.GetAsync("/orders", TraceParent.Unsampled);
        await app.StopAsync();

        Assert.Equal(["root"], app.SpanNames);
    }

    [Theory]
    [MemberData(nameof(SamplersAndSuspensions))]
    public async Task A_Filter_rejects_as_in_a_stock_application_while_disabled(string? sampler, bool isSuspended)
    {
        var stock = await RunAsync(isStock: true);

        Assert.Equal(sampler is null ? ["root", "root"] : ["child", "root", "child", "root"], stock);
        Assert.Equal(stock, await RunAsync(isStock: false));

        async Task<IReadOnlyList<string>> RunAsync(bool isStock)
        {
            await using var app = await TracedApp.StartAsync(
                builder =>
                {
                    AddTemplateTracing(builder);
                    if (!isStock)
                    {
                        builder.AddRouteTracing(settings => settings.Enabled = isSuspended);
                    }
                },
                app => app.MapGet("/health", () =>
                {
                    TracedApp.Source.StartActivity("child")?.Dispose();
                    Activity.Current = null;
                    using var root = TracedApp.Source.StartActivity("root");
                }),
                new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0" });
            using var suspension = isSuspended && !isStock ? app.RouteTracing().Suspend() : null;

            using var response = await app.GetAsync("/health");
            using var unsampled = await app.GetAsync("/health", TraceParent.Unsampled);
            await app.StopAsync();
            return app.SpanNames;
        }
    }

    [Fact]
    public async Task A_Filter_excludes_requests_that_another_application_rejects_first()
    {
        await using var shop = await StartAsync();
        await using var admin = await StartAsync();

        foreach (var app in new[] { shop, admin })
        {
            using var response = await app.GetAsync("/health");
            response.EnsureSuccessStatusCode();
        }

        await admin.StopAsync();
        await shop.StopAsync();

        Assert.Empty(shop.Spans);
        Assert.Empty(admin.Spans);

        static Task<TracedApp> StartAsync() => TracedApp.StartAsync(
            builder =>
            {
                AddTemplateTracing(builder);
                builder.AddRouteTracing();
            },
            NamedRoute.Map,
            NamedRoute.AlwaysOn);
    }

    [Fact]
    public async Task Callbacks_that_are_configured_last_still_run()
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
            NamedRoute.Map,
            NamedRoute.AlwaysOn);

        foreach (var path in new[] { "/excluded", "/filtered", "/orders" })
        {
            using var response = await app.GetAsync(path);
        }

        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], app.SpanNames);
        Assert.Equal(true, app.Spans[^1].GetTagItem("enriched"));
    }

    [Fact]
    public async Task A_request_whose_Filter_throws_is_excluded_with_its_subtree()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(
                    options => options.Filter = _ => throw new InvalidOperationException("broken filter"));
                builder.AddRouteTracing();
            },
            NamedRoute.Map,
            NamedRoute.AlwaysOn);

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
            NamedRoute.Map,
            NamedRoute.AlwaysOn);

        using var excluded = await app.GetAsync("/excluded");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], app.SpanNames);
        Assert.Equal(1, enriched);
    }

    [Fact]
    public async Task A_clock_that_the_application_adds_later_is_its_own()
    {
        var clock = new ManualTime();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                builder.Services.TryAddSingleton<TimeProvider>(clock);
            },
            _ => { });

        Assert.Same(clock, app.App.Services.GetRequiredService<TimeProvider>());
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
            NamedRoute.Map,
            NamedRoute.AlwaysOn);

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
            NamedRoute.Map,
            NamedRoute.AlwaysOn);

        using var excluded = await app.GetAsync("/excluded");
        using var filtered = await app.GetAsync("/filtered");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], app.SpanNames);
    }

    [Fact]
    public async Task The_tracer_provider_builder_of_the_application_can_add_route_tracing()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.Services.AddOpenTelemetry().WithTracing(
                tracing => tracing.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"))),
            NamedRoute.Map,
            NamedRoute.AlwaysOn);

        using var excluded = await app.GetAsync("/excluded");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "GET /{name}"], app.SpanNames);
        Assert.Equal(1, app.CountsOf("aspire.route_tracing.excluded_requests").Values.Sum());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Spans_of_an_outer_startup_filter_are_excluded_with_the_request(bool asNewRoot)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"));
                builder.Services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter>(new SpanInFront(asNewRoot)));
            },
            NamedRoute.Map,
            NamedRoute.AlwaysOn);

        using var excluded = await app.GetAsync("/excluded");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["child", "in front", "GET /{name}"], app.SpanNames);
    }

    private static void InOrder(bool firstFirst, Action first, Action second)
    {
        (firstFirst ? first : second)();
        (firstFirst ? second : first)();
    }

    // The code of Aspire's service defaults template.
    private static void AddTemplateTracing(WebApplicationBuilder builder) =>
        builder.Services
            .AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddAspNetCoreInstrumentation(options => options.Filter = context =>
            !context.Request.Path.StartsWithSegments("/health") && !context.Request.Path.StartsWithSegments("/alive")));

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
