using System.Collections.Concurrent;
using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Trace;
using static Aspire.RouteTracing.Tests.ExcludedUrls.CallingServices;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Services exclude the calls that excluded requests of other services send.</summary>
public sealed class ExclusionAcrossServicesTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    [InlineData("traceidratio")]
    public async Task A_service_with_route_tracing_excludes_calls_from_excluded_requests(string? sampler)
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
    public async Task A_service_without_route_tracing_gets_the_unsampled_flag(string? sampler, int spans)
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
    public async Task Calls_from_a_new_root_in_an_excluded_request_are_excluded(string? sampler)
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
    public async Task Enrichment_callbacks_do_not_run_for_requests_that_the_caller_excluded()
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

        // The instrumentation runs the callback for every application of the process. This one only receives /called.
        Assert.Equal(["/called"], shown.Where(request => request.StartsWith("/called", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_exclusion_propagates_across_several_services()
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
    public async Task Calls_of_other_requests_are_traced()
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
    public async Task The_called_service_records_the_duration_of_an_excluded_call()
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
    [InlineData("HonorUpstreamExclusion")]
    [InlineData("Enabled")]
    public async Task A_service_can_ignore_upstream_exclusions(string setting)
    {
        var (member, call) = await CaptureAsync(Key, TraceParent.Sampled, null);
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

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    [InlineData("traceidratio")]
    public async Task A_message_of_an_excluded_request_is_signed(string? sampler)
    {
        var sent = new TaskCompletionSource<Activity?>();
        await using var storefront = await StartExcludingAsync(sampler, () =>
        {
            using var send = TracedApp.Source.StartActivity("send", ActivityKind.Producer);
            sent.SetResult(send);
            Assert.Null(send!.Parent!.TraceStateString);
        });

        using var response = await storefront.GetAsync("/health", TraceParent.Sampled);
        response.EnsureSuccessStatusCode();
        await storefront.StopAsync();

        var producer = await sent.Task.WithinAMinute();
        Assert.False(producer!.Recorded);
        Assert.Matches("^aspire-excluded=[0-9a-f]{40}$", producer.TraceStateString);
        Assert.Empty(storefront.Spans);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(null, false)]
    [InlineData("always_on", true)]
    [InlineData("always_on", false)]
    [InlineData("traceidratio", true)]
    [InlineData("traceidratio", false)]
    public async Task A_message_of_a_loop_that_outlives_the_request_is_not_signed(string? sampler, bool startsInCall)
    {
        var (isOver, sent) = (new TaskCompletionSource(), new TaskCompletionSource<Activity?>());
        await using var storefront = await StartExcludingAsync(sampler, () =>
        {
            using var call = startsInCall ? TracedApp.Source.StartActivity("call", ActivityKind.Client) : null;
            _ = Task.Run(async () =>
            {
                await isOver.Task.WithinAMinute();
                using var send = TracedApp.Source.StartActivity("send", ActivityKind.Producer);
                sent.SetResult(send);
            });
        });

        using var response = await storefront.GetAsync("/health", TraceParent.Sampled);
        await storefront.App.StopAsync(TestContext.Current.CancellationToken);
        isOver.SetResult();

        var producer = await sent.Task.WithinAMinute();
        Assert.True(producer!.Recorded);
        Assert.Empty(producer.TraceStateString ?? "");
    }
}
