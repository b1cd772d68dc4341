using System.Collections.Concurrent;
using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>What an excluded request tells the services that it calls, and what they believe.</summary>
public sealed class ExclusionAcrossServicesTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string SampledParent = $"00-{TraceId}-b7ad6b7169203331-01";
    private const string UnsampledParent = $"00-{TraceId}-b7ad6b7169203331-00";
    private const string Key = "a key that the services share";

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    [InlineData("traceidratio")]
    public async Task A_service_with_route_tracing_exports_nothing_for_a_call_from_an_excluded_request(string? sampler)
    {
        await using var orders = await StartOrdersAsync(sampler, withRouteTracing: true);
        await using var storefront = await StartStorefrontAsync(sampler, orders);

        using var response = await storefront.GetAsync("/health");
        response.EnsureSuccessStatusCode();
        await StopAsync(storefront, orders);

        Assert.Empty(storefront.Spans);
        Assert.Empty(orders.Spans);
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData("always_on", 1)]
    public async Task A_service_without_route_tracing_is_told_by_the_unsampled_flag(string? sampler, int spans)
    {
        await using var orders = await StartOrdersAsync(sampler, withRouteTracing: false);
        await using var storefront = await StartStorefrontAsync(sampler, orders);

        using var response = await storefront.GetAsync("/health");
        response.EnsureSuccessStatusCode();
        await StopAsync(storefront, orders);

        Assert.Equal(spans, orders.Spans.Count(span => span.Kind == ActivityKind.Server));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    public async Task A_new_root_within_an_excluded_request_tells_it_too(string? sampler)
    {
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true);
        await using var storefront = await StartStorefrontAsync(sampler, orders);

        using var response = await storefront.GetAsync("/health/new-root");
        response.EnsureSuccessStatusCode();
        await StopAsync(storefront, orders);

        Assert.Empty(storefront.Spans);
        Assert.Empty(orders.Spans);
    }

    [Fact]
    public async Task The_callback_of_the_application_is_not_shown_a_request_that_the_caller_excluded()
    {
        var shown = new ConcurrentQueue<string>();
        await using var orders = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(options =>
                    options.EnrichWithHttpRequest = (_, request) => shown.Enqueue($"{request.Path}{request.Headers.TraceState}"));
                builder.AddRouteTracing();
            },
            app => app.MapGet("/{**path}", () => "ok"),
            new() { ["OTEL_TRACES_SAMPLER"] = "always_on", ["Aspire:RouteTracing:ExclusionKey"] = Key });
        await using var storefront = await StartStorefrontAsync("always_on", orders);

        using var excluded = await storefront.GetAsync("/health");
        using var traced = await storefront.GetAsync("/shop");
        await StopAsync(storefront, orders);

        // The instrumentation shows the requests of every application in the process; /called is this one's.
        Assert.Equal(["/called"], shown.Where(request => request.StartsWith("/called", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_exclusion_goes_on_to_the_services_behind_the_next()
    {
        await using var catalog = await StartOrdersAsync("always_on", withRouteTracing: true);
        await using var orders = await StartStorefrontAsync("always_on", catalog, excludedUrls: "nothing");
        await using var storefront = await StartStorefrontAsync("always_on", orders);

        using var response = await storefront.GetAsync("/health");
        response.EnsureSuccessStatusCode();
        await StopAsync(storefront, orders, catalog);

        Assert.Empty(storefront.Spans);
        Assert.Empty(orders.Spans);
        Assert.Empty(catalog.Spans);
    }

    [Fact]
    public async Task Calls_of_other_requests_are_traced_through()
    {
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true);
        await using var storefront = await StartStorefrontAsync("always_on", orders);

        using var response = await storefront.GetAsync("/shop");
        response.EnsureSuccessStatusCode();
        await StopAsync(storefront, orders);

        var server = Assert.Single(orders.Spans, span => span.Kind == ActivityKind.Server);
        Assert.Null(server.TraceStateString);
        Assert.True(server.Recorded);
    }

    [Fact]
    public async Task Its_duration_is_recorded_by_the_service_that_honors_it()
    {
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true);
        await using var storefront = await StartStorefrontAsync("always_on", orders);

        using var response = await storefront.GetAsync("/health");
        await StopAsync(storefront, orders);

        Assert.Equal(
            1,
            orders.CountsOf("http.server.request.duration")
                .Where(count => count.Key.Contains("http.route=/{**path}", StringComparison.Ordinal))
                .Sum(count => count.Value));
        Assert.Equal(
            ["aspire.route_tracing.pattern=^/health http.response.status_code=200"],
            orders.CountsOf("aspire.route_tracing.excluded_requests").Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("0000000000000000000000000000000000000000")]
    [InlineData("zzzzzzzz00000000000000000000000000000000")]
    public async Task A_forged_member_excludes_nothing(string value)
    {
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true);

        using var response = await orders.GetAsync("/", UnsampledParent, $"aspire-excluded={value}");
        await orders.StopAsync();

        Assert.Single(orders.Spans);
    }

    [Fact]
    public async Task A_member_is_valid_for_its_own_call_alone()
    {
        var (member, call) = await CaptureAsync(Key, SampledParent, null);
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true);

        using var same = await orders.GetAsync("/same", call, member);
        using var otherTrace = await orders.GetAsync("/other-trace", call!.Replace("0af7", "1af7", StringComparison.Ordinal), member);
        using var otherSpan = await orders.GetAsync("/other-span", UnsampledParent, member);
        using var sampled = await orders.GetAsync("/sampled", call[..^2] + "01", member);
        await orders.StopAsync();

        Assert.Equal(["/other-trace", "/other-span", "/sampled"], orders.Spans.Select(span => span.GetTagItem("url.path")));
    }

    [Theory]
    [InlineData(-2, 1)]
    [InlineData(-1, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    public async Task A_member_is_valid_for_a_minute(int minutesLater, int spans)
    {
        var time = new ManualTime();
        var (member, call) = await CaptureAsync(Key, SampledParent, null, time);
        time.Advance(TimeSpan.FromMinutes(minutesLater));
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true, time: time);

        using var response = await orders.GetAsync("/", call, member);
        await orders.StopAsync();

        Assert.Equal(spans, orders.Spans.Count);
    }

    [Fact]
    public async Task A_member_signed_with_another_key_excludes_nothing()
    {
        var (member, call) = await CaptureAsync("another key of the services", SampledParent, null);
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true);

        using var response = await orders.GetAsync("/", call, member);
        await orders.StopAsync();

        Assert.Single(orders.Spans);
    }

    [Fact]
    public async Task A_member_signed_with_the_previous_key_is_honored()
    {
        const string Previous = "the key of the last month";
        var (member, call) = await CaptureAsync(Previous, SampledParent, null);
        await using var orders = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => (settings.ExclusionKey, settings.PreviousExclusionKey) = (Key, Previous)),
            app => app.MapGet("/{**path}", () => "ok"),
            new() { ["OTEL_TRACES_SAMPLER"] = "always_on" });

        using var response = await orders.GetAsync("/", call, member);
        await orders.StopAsync();

        Assert.Empty(orders.Spans);
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("Development")]
    public async Task Without_a_key_the_member_is_neither_sent_nor_honored(string environment)
    {
        var (sent, _) = await CaptureAsync(key: null, SampledParent, null);
        var (member, call) = await CaptureAsync(Key, SampledParent, null);
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true, key: null, environment);

        using var response = await orders.GetAsync("/", call, member);
        await orders.StopAsync();

        Assert.Null(sent);
        Assert.NotNull(member);
        Assert.Single(orders.Spans);
    }

    [Theory]
    [InlineData("HonorUpstreamExclusion")]
    [InlineData("Enabled")]
    public async Task A_service_can_be_told_not_to_honor_it(string setting)
    {
        var (member, call) = await CaptureAsync(Key, SampledParent, null);
        await using var orders = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app => app.MapGet("/{**path}", () => "ok"),
            new()
            {
                ["OTEL_TRACES_SAMPLER"] = "always_on",
                ["Aspire:RouteTracing:ExclusionKey"] = Key,
                [$"Aspire:RouteTracing:{setting}"] = "false",
            });

        using var response = await orders.GetAsync("/", call, member);
        await orders.StopAsync();

        Assert.Single(orders.Spans);
    }

    [Fact]
    public async Task A_member_that_is_not_honored_goes_no_further()
    {
        var (member, call) = await CaptureAsync("another key of the services", SampledParent, null);
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true);

        using var response = await orders.GetAsync("/", call, $"{member},congo=1");
        await orders.StopAsync();

        Assert.Equal("congo=1", Assert.Single(orders.Spans).TraceStateString);
    }

    [Fact]
    public async Task The_members_of_others_survive_in_their_order()
    {
        var (traceState, traceParent) = await CaptureAsync(Key, SampledParent, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7");

        Assert.Matches("^aspire-excluded=[0-9a-f]{40},congo=t61rcWkgMzE,rojo=00f067aa0ba902b7$", traceState);
        Assert.StartsWith($"00-{TraceId}-", traceParent, StringComparison.Ordinal);
        Assert.EndsWith("-00", traceParent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    [InlineData("traceidratio")]
    public async Task A_message_of_an_excluded_request_carries_the_member(string? sampler)
    {
        var sent = new TaskCompletionSource<Activity?>();
        await using var storefront = await StartExcludingAsync(sampler, () =>
        {
            using var send = TracedApp.Source.StartActivity("send", ActivityKind.Producer);
            sent.SetResult(send);
            Assert.Null(send!.Parent!.TraceStateString);
        });

        using var response = await storefront.GetAsync("/health", SampledParent);
        response.EnsureSuccessStatusCode();
        await storefront.StopAsync();

        var producer = await sent.Task;
        Assert.False(producer!.Recorded);
        Assert.Matches("^aspire-excluded=[0-9a-f]{40}$", producer.TraceStateString);
        Assert.Empty(storefront.Spans);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    [InlineData("traceidratio")]
    public async Task A_loop_that_outlives_an_excluded_request_sends_no_member(string? sampler)
    {
        var (isOver, sent) = (new TaskCompletionSource(), new TaskCompletionSource<Activity?>());
        await using var storefront = await StartExcludingAsync(sampler, () =>
        {
            _ = Task.Run(async () =>
            {
                await isOver.Task;
                using var send = TracedApp.Source.StartActivity("send", ActivityKind.Producer);
                sent.SetResult(send);
            });
        });

        using var response = await storefront.GetAsync("/health", SampledParent);
        await storefront.App.StopAsync(TestContext.Current.CancellationToken);
        isOver.SetResult();

        var producer = await sent.Task;
        Assert.True(producer!.Recorded);
        Assert.Null(producer.TraceStateString);
    }

    [Fact]
    public async Task With_32_members_the_rightmost_is_dropped()
    {
        var members = Enumerable.Range(1, 32).Select(number => $"m{number}=v").ToArray();

        var (traceState, _) = await CaptureAsync(Key, SampledParent, string.Join(',', members));

        Assert.Equal(members[..31], traceState!.Split(',')[1..]);
    }

    [Fact]
    public async Task A_forged_member_of_the_caller_is_replaced()
    {
        var (traceState, _) = await CaptureAsync(Key, SampledParent, "aspire-excluded=forged,congo=1");

        Assert.Matches("^aspire-excluded=[0-9a-f]{40},congo=1$", traceState);
    }

    private static Task<TracedApp> StartExcludingAsync(string? sampler, Action handle) => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(settings =>
        {
            settings.ExclusionKey = Key;
            settings.ExcludedUrls.Add("^/health$");
        }),
        app => app.MapGet("/health", handle),
        new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0" });

    // The headers that a call within an excluded request sends.
    private static async Task<(string? TraceState, string? TraceParent)> CaptureAsync(
        string? key, string traceParent, string? traceState, TimeProvider? time = null)
    {
        (string?, string?) captured = default;
        await using var receiver = await TracedApp.StartAsync(_ => { }, app => app.MapGet("/{**path}", (HttpRequest request) =>
        {
            captured = ((string?)request.Headers.TraceState, (string?)request.Headers.TraceParent);
        }));
        await using var storefront = await StartStorefrontAsync("always_on", receiver, key: key, time: time);
        using var response = await storefront.GetAsync("/health", traceParent, traceState);
        response.EnsureSuccessStatusCode();
        return captured;
    }

    private static Task<TracedApp> StartStorefrontAsync(
        string? sampler, TracedApp next, string excludedUrls = "^/health", string? key = Key, TimeProvider? time = null) =>
        TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(time ?? TimeProvider.System);
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add(excludedUrls));
            },
            app =>
            {
                app.MapGet("/{name}", (IHttpClientFactory clients) => CallAsync(clients, next));
                app.MapGet("/health/new-root", async (IHttpClientFactory clients) =>
                {
                    Activity.Current = null;
                    using var root = TracedApp.Source.StartActivity("new root", ActivityKind.Internal, parentContext: default);
                    return await CallAsync(clients, next);
                });
            },
            new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0", ["Aspire:RouteTracing:ExclusionKey"] = key });

    private static async Task<string> CallAsync(IHttpClientFactory clients, TracedApp next)
    {
        using var client = clients.CreateClient();
        return await client.GetStringAsync(new Uri($"http://127.0.0.1:{next.Port}/called"));
    }

    private static Task<TracedApp> StartOrdersAsync(
        string? sampler, bool withRouteTracing, string? key = Key, string? environment = null, TimeProvider? time = null) =>
        TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(time ?? TimeProvider.System);
                if (withRouteTracing)
                {
                    builder.AddRouteTracing();
                }
                else
                {
                    builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddAspNetCoreInstrumentation());
                }
            },
            app => app.MapGet("/{**path}", () => "ok"),
            new()
            {
                ["OTEL_TRACES_SAMPLER"] = sampler,
                ["OTEL_TRACES_SAMPLER_ARG"] = "1.0",
                ["Aspire:RouteTracing:ExclusionKey"] = key,
                ["environment"] = environment,
            });

    private static async Task StopAsync(params TracedApp[] apps)
    {
        foreach (var app in apps)
        {
            await app.StopAsync();
        }
    }
}
