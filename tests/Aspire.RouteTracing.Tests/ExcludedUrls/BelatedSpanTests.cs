using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Spans whose parent is an excluded request are excluded even if they start outside of its execution context.</summary>
public sealed class BelatedSpanTests
{
    public static TheoryData<string?> Samplers => new((string?)null, "always_on", "traceidratio");

    [Theory]
    [MemberData(nameof(Samplers))]
    public async Task Spans_that_a_profiler_starts_after_an_excluded_request_are_dropped(string? sampler)
    {
        // Like OpenTelemetry's Redis instrumentation: on another thread, with the context of the activity that was current.
        Assert.Empty(
            await RunAsync(
                "/health",
                sampler,
                parent => TracedApp.Source.StartActivity("PING", ActivityKind.Client, parent)?.Dispose(),
                afterwards: true));
    }

    [Theory]
    [MemberData(nameof(Samplers))]
    public async Task Spans_that_a_profiler_starts_after_other_requests_are_exported(string? sampler)
    {
        Assert.Equal(
            ["GET /{name}", "PING"],
            await RunAsync(
                "/orders",
                sampler,
                parent => TracedApp.Source.StartActivity("PING", ActivityKind.Client, parent)?.Dispose(),
                afterwards: true));
    }

    [Theory]
    [MemberData(nameof(Samplers))]
    public async Task A_message_handler_of_an_excluded_request_exports_no_span(string? sampler)
    {
        // Like Orleans and message buses: the parent is parsed from the message.
        Assert.Empty(await RunAsync("/health", sampler, StartHandler, afterwards: false));
    }

    [Theory]
    [MemberData(nameof(Samplers))]
    public async Task A_message_handler_of_another_request_exports_its_span(string? sampler)
    {
        Assert.Equal(["GET /{name}", "handle", "send"], await RunAsync("/orders", sampler, StartHandler, afterwards: false));
    }

    [Theory]
    [MemberData(nameof(Samplers))]
    public async Task A_message_to_a_consumer_that_the_request_started_exports_no_span(string? sampler) =>
        Assert.Empty(await OutliveAsync(sampler, parent =>
        {
            var sent = new ActivityContext(parent.TraceId, parent.SpanId, parent.TraceFlags, parent.TraceState, isRemote: true);
            TracedApp.Source.StartActivity("handle", ActivityKind.Consumer, sent)?.Dispose();
        }));

    [Theory]
    [MemberData(nameof(Samplers))]
    public async Task A_message_of_work_that_outlives_an_excluded_request_is_traced(string? sampler) =>
        Assert.Equal(["handle", "send"], await OutliveAsync(sampler, StartHandler));

    [Theory]
    [MemberData(nameof(Samplers))]
    public async Task A_handler_that_an_excluded_handler_calls_exports_no_span(string? sampler)
    {
        Assert.Empty(await RunAsync("/health", sampler, parent => StartHandler(parent, StartHandler), afterwards: false));
    }

    [Theory]
    [MemberData(nameof(Samplers))]
    public async Task A_call_of_a_loop_that_an_excluded_request_waits_for_is_excluded(string? sampler)
    {
        var work = Channel.CreateUnbounded<(ActivityContext Parent, TaskCompletionSource Done)>();
        var calls = new ConcurrentQueue<ActivityContext>();
        await using var next = await TracedApp.StartAsync(
            _ => { },
            app => app.MapGet(
                "/called",
                (HttpRequest request) => calls.Enqueue(ActivityContext.Parse(request.Headers.TraceParent.ToString(), traceState: null))));
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app => app.MapGet("/health", async () =>
            {
                var done = new TaskCompletionSource();
                using var send = TracedApp.Source.StartActivity("send", ActivityKind.Producer);
                await work.Writer.WriteAsync((Activity.Current!.Context, done));
                await done.Task.WithinAMinute();
            }),
            new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0" });
        var loop = ProcessAsync();

        using var response = await app.GetAsync("/health");
        work.Writer.Complete();
        await loop;
        await app.StopAsync();
        await next.StopAsync();

        Assert.Empty(app.SpanNames);
        Assert.Equal([ActivityTraceFlags.None], calls.Select(call => call.TraceFlags & ActivityTraceFlags.Recorded));

        async Task ProcessAsync()
        {
            await foreach (var (parent, done) in work.Reader.ReadAllAsync(TestContext.Current.CancellationToken))
            {
                using (TracedApp.Source.StartActivity("process", ActivityKind.Consumer, parent))
                using (TracedApp.Source.StartActivity("step"))
                {
                    using var client = app.App.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
                    await client.GetStringAsync(
                        new Uri($"http://127.0.0.1:{next.Port}/called"), TestContext.Current.CancellationToken);
                }

                done.SetResult();
            }
        }
    }

    [Theory]
    [InlineData("always_on")]
    [InlineData("traceidratio")]
    public async Task A_caller_cannot_hide_spans_by_the_trace_id_of_an_excluded_request(string sampler)
    {
        var trace = ActivityTraceId.CreateRandom();
        await using var app = await StartAsync(sampler, _ => { });
        using var excluded = await app.GetAsync("/health", $"00-{trace}-{ActivitySpanId.CreateRandom()}-00");

        var caller = new ActivityContext(trace, ActivitySpanId.CreateRandom(), ActivityTraceFlags.None, isRemote: true);
        TracedApp.Source.StartActivity("hub call", ActivityKind.Server, caller)?.Dispose();
        await app.StopAsync();

        Assert.Equal(["hub call"], app.SpanNames);
    }

    [Theory]
    [MemberData(nameof(Samplers))]
    public async Task A_span_with_an_unrecorded_parent_in_another_trace_is_exported(string? sampler)
    {
        await using var app = await StartAsync(sampler, _ => { });
        using var excluded = await app.GetAsync("/health");

        using (new Activity("a legacy activity without listeners").SetIdFormat(ActivityIdFormat.W3C).Start())
        {
            TracedApp.Source.StartActivity("job")?.Dispose();
        }

        await app.StopAsync();

        // Parent-based samplers drop it even without this library.
        Assert.Equal(sampler is null ? [] : ["job"], app.SpanNames);
    }

    private static void StartHandler(ActivityContext parent) => StartHandler(parent, handle: null);

    private static void StartHandler(ActivityContext parent, Action<ActivityContext>? handle)
    {
        // Without a span of its own, a message carries the current context.
        using var send = TracedApp.Source.StartActivity("send", ActivityKind.Producer);
        var sent = ActivityContext.Parse(Activity.Current!.Id!, Activity.Current.TraceStateString);
        var received = new ActivityContext(sent.TraceId, sent.SpanId, sent.TraceFlags, sent.TraceState, isRemote: true);
        using (ExecutionContext.SuppressFlow())
        {
            var thread = new Thread(() =>
            {
                using var handler = TracedApp.Source.StartActivity("handle", ActivityKind.Consumer, received);
                handle?.Invoke(received);
            });
            thread.Start();
            thread.Join();
        }
    }

    private static async Task<IEnumerable<string>> RunAsync(string path, string? sampler, Action<ActivityContext> start, bool afterwards)
    {
        ActivityContext context = default;
        await using var app = await StartAsync(sampler, parent =>
        {
            context = parent;
            if (!afterwards)
            {
                start(parent);
            }
        });

        using var response = await app.GetAsync(path);
        await app.App.StopAsync(TestContext.Current.CancellationToken);
        if (afterwards)
        {
            start(context);
        }

        await app.StopAsync();
        return app.SpanNames.Order(StringComparer.Ordinal);
    }

    // Starts the work in a task of the excluded request, after the request has ended.
    private static async Task<IEnumerable<string>> OutliveAsync(string? sampler, Action<ActivityContext> work)
    {
        var (isOver, isDone) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await StartAsync(sampler, parent => _ = Task.Run(async () =>
        {
            await isOver.Task.WithinAMinute();
            work(parent);
            isDone.SetResult();
        }));

        using var response = await app.GetAsync("/health");
        await app.App.StopAsync(TestContext.Current.CancellationToken);
        isOver.SetResult();
        await isDone.Task.WithinAMinute();
        await app.StopAsync();
        return app.SpanNames.Order(StringComparer.Ordinal);
    }

    private static Task<TracedApp> StartAsync(string? sampler, Action<ActivityContext> handle) => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
        app => app.MapGet("/{name}", () => handle(Activity.Current!.Context)),
        new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0" });
}
