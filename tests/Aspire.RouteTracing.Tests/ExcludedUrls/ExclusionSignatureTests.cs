using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using static Aspire.RouteTracing.Tests.ExcludedUrls.CallingServices;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>The signed tracestate member: what it contains, and when it is valid.</summary>
public sealed class ExclusionSignatureTests
{
    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("0000000000000000000000000000000000000000")]
    [InlineData("zzzzzzzz00000000000000000000000000000000")]
    public async Task A_forged_signature_excludes_nothing(string value)
    {
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true);

        using var response = await orders.GetAsync("/", TraceParent.Unsampled, $"aspire-excluded={value}");
        await orders.StopAsync();

        Assert.Single(orders.Spans);
    }

    [Fact]
    public async Task A_signature_is_valid_for_its_own_call_only()
    {
        var (member, call) = await CaptureAsync(Key, TraceParent.Sampled, null);
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true);

        using var same = await orders.GetAsync("/same", call, member);
        using var otherTrace = await orders.GetAsync("/other-trace", call!.Replace("0af7", "1af7", StringComparison.Ordinal), member);
        using var otherSpan = await orders.GetAsync("/other-span", TraceParent.Unsampled, member);
        using var sampled = await orders.GetAsync("/sampled", call[..^2] + "01", member);
        await orders.StopAsync();

        Assert.Equal(["/other-trace", "/other-span", "/sampled"], orders.Spans.Select(span => span.GetTagItem("url.path")));
    }

    [Theory]
    [InlineData(-2, 1)]
    [InlineData(-1, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    public async Task A_signature_is_valid_for_a_minute(int minutesLater, int spans)
    {
        var time = new ManualTime();
        var (member, call) = await CaptureAsync(Key, TraceParent.Sampled, null, time);
        time.Advance(TimeSpan.FromMinutes(minutesLater));
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true, time: time);

        using var response = await orders.GetAsync("/", call, member);
        await orders.StopAsync();

        Assert.Equal(spans, orders.Spans.Count);
    }

    [Fact]
    public async Task A_signature_with_another_key_excludes_nothing()
    {
        var (member, call) = await CaptureAsync("another key of the services", TraceParent.Sampled, null);
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true);

        using var response = await orders.GetAsync("/", call, member);
        await orders.StopAsync();

        Assert.Single(orders.Spans);
    }

    [Fact]
    public async Task A_signature_with_the_previous_key_is_honored()
    {
        const string Previous = "the key of the last month";
        var (member, call) = await CaptureAsync(Previous, TraceParent.Sampled, null);
        await using var orders = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => (settings.ExclusionKey, settings.PreviousExclusionKey) = (Key, Previous)),
            app => app.MapGet("/{**path}", () => "ok"),
            new() { ["OTEL_TRACES_SAMPLER"] = "always_on" });

        using var response = await orders.GetAsync("/", call, member);
        await orders.StopAsync();

        Assert.Empty(orders.Spans);
    }

    [Fact]
    public async Task A_previous_key_without_a_key_is_not_honored()
    {
        var (member, call) = await CaptureAsync(Key, TraceParent.Sampled, null);
        await using var orders = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.PreviousExclusionKey = Key),
            app => app.MapGet("/{**path}", () => "ok"),
            new() { ["OTEL_TRACES_SAMPLER"] = "always_on" });

        using var response = await orders.GetAsync("/", call, member);
        await orders.StopAsync();

        Assert.Single(orders.Spans);
    }

    [Fact]
    public async Task A_signature_of_a_message_is_not_forwarded()
    {
        var (member, call) = await CaptureAsync(Key, TraceParent.Sampled, null);
        var parent = ActivityContext.Parse(call!, $"{member},vendor=1");
        var sent = new ActivityContext(
            parent.TraceId, ActivitySpanId.CreateRandom(), parent.TraceFlags, parent.TraceState, isRemote: true);
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true);

        TracedApp.Source.StartActivity("handle", ActivityKind.Consumer, sent)?.Dispose();
        await orders.StopAsync();

        Assert.Equal("vendor=1", Assert.Single(orders.Spans).TraceStateString);
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("Development")]
    public async Task Without_a_key_signatures_are_neither_sent_nor_honored(string environment)
    {
        var (sent, _) = await CaptureAsync(key: null, TraceParent.Sampled, null);
        var (member, call) = await CaptureAsync(Key, TraceParent.Sampled, null);
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true, key: null, environment);

        using var response = await orders.GetAsync("/", call, member);
        await orders.StopAsync();

        Assert.Null(sent);
        Assert.NotNull(member);
        Assert.Single(orders.Spans);
    }

    [Fact]
    public async Task A_running_request_signs_its_calls_while_route_tracing_is_suspended()
    {
        string? member = null;
        await using var receiver = await TracedApp.StartAsync(_ => { }, app => app.MapGet("/{**path}", (HttpRequest request) =>
        {
            member = request.Headers.TraceState;
        }));
        await using var storefront = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.ExclusionKey = Key;
                settings.ExcludedUrls.Add("^/health$");
            }),
            app => app.MapGet("/health", async (IRouteTracing tracing, IHttpClientFactory clients) =>
            {
                using var suspension = tracing.Suspend();
                using var client = clients.CreateClient();
                return await client.GetStringAsync(new Uri($"http://127.0.0.1:{receiver.Port}/"));
            }));

        using var response = await storefront.GetAsync("/health");
        response.EnsureSuccessStatusCode();

        Assert.StartsWith("aspire-excluded=", member, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_request_keeps_its_key_when_the_key_is_replaced()
    {
        const string Previous = "the key of the last month";
        await using var orders = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => (settings.ExclusionKey, settings.PreviousExclusionKey) = (Key, Previous)),
            app => app.MapGet("/{**path}", () => "ok"),
            new() { ["OTEL_TRACES_SAMPLER"] = "always_on" });
        TracedApp? storefront = null;
        await using var started = storefront = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app => app.MapGet("/health", async (IHttpClientFactory clients) =>
            {
                storefront!.Reload("Aspire:RouteTracing:ExclusionKey", Key);
                storefront!.Reload("Aspire:RouteTracing:Enabled", "false");
                using var client = clients.CreateClient();
                return await client.GetStringAsync(new Uri($"http://127.0.0.1:{orders.Port}/"));
            }),
            new() { ["Aspire:RouteTracing:ExclusionKey"] = Previous });

        using var response = await storefront.GetAsync("/health");
        response.EnsureSuccessStatusCode();
        await orders.StopAsync();

        Assert.Empty(orders.Spans);
    }

    [Theory]
    [InlineData(ActivityKind.Internal, false)]
    [InlineData(ActivityKind.Client, true)]
    [InlineData(ActivityKind.Producer, true)]
    public async Task Only_calls_and_messages_are_signed(ActivityKind kind, bool isSigned)
    {
        string? traceState = null;
        await using var app = await StartExcludingAsync("always_on", () =>
        {
            using var span = TracedApp.Source.StartActivity("span", kind);
            traceState = span!.TraceStateString;
        });

        using var response = await app.GetAsync("/health");

        Assert.Equal(isSigned, traceState is not null);
    }

    [Fact]
    public async Task A_signature_that_is_not_honored_is_not_forwarded()
    {
        var (member, call) = await CaptureAsync("another key of the services", TraceParent.Sampled, null);
        await using var orders = await StartOrdersAsync("always_on", withRouteTracing: true);

        using var response = await orders.GetAsync("/", call, $"{member},congo=1");
        await orders.StopAsync();

        Assert.Equal("congo=1", Assert.Single(orders.Spans).TraceStateString);
    }

    [Fact]
    public async Task Other_tracestate_members_keep_their_order()
    {
        var (traceState, traceParent) = await CaptureAsync(Key, TraceParent.Sampled, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7");

        Assert.Matches("^aspire-excluded=[0-9a-f]{40},congo=t61rcWkgMzE,rojo=00f067aa0ba902b7$", traceState);
        Assert.StartsWith($"00-{TraceParent.TraceId}-", traceParent, StringComparison.Ordinal);
        Assert.EndsWith("-00", traceParent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_of_32_tracestate_members_is_dropped()
    {
        var members = Enumerable.Range(1, 32).Select(number => $"m{number}=v").ToArray();

        var (traceState, _) = await CaptureAsync(Key, TraceParent.Sampled, string.Join(',', members));

        Assert.Equal(members[..31], traceState!.Split(',')[1..]);
    }

    [Fact]
    public async Task A_forged_signature_of_the_caller_is_replaced()
    {
        var (traceState, _) = await CaptureAsync(Key, TraceParent.Sampled, "aspire-excluded=forged,congo=1");

        Assert.Matches("^aspire-excluded=[0-9a-f]{40},congo=1$", traceState);
    }
}
