using System.Diagnostics;
using System.Threading.Channels;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>
/// A loop or thread that the first excluded request starts has its execution context for the life of the process. Its spans belong to the
/// requests whose work it does.
/// </summary>
public sealed class LazyLoopTests : IAsyncDisposable
{
    private readonly Channel<(ActivityContext Parent, DateTime Start, TaskCompletionSource Done)> _work =
        Channel.CreateUnbounded<(ActivityContext, DateTime, TaskCompletionSource)>();

    private readonly Channel<(ActivityContext Parent, DateTime SentAt)> _commands = Channel.CreateUnbounded<(ActivityContext, DateTime)>();
    private Task? _loop;

    public static TheoryData<string?, string?> SamplersAndCallers => new MatrixTheoryData<string?, string?>(
        [null, "always_on", "traceidratio"],
        [null, TraceParent.Unsampled, TraceParent.Sampled]);

    // Like OpenTelemetry's Redis instrumentation, whose thread starts when the first probe connects.
    [Theory]
    [MemberData(nameof(SamplersAndCallers))]
    public async Task A_profiler_that_the_first_probe_starts_exports_no_span_of_probes(string? sampler, string? caller)
    {
        await using var app = await StartAsync(sampler, isAwaited: false);
        for (var i = 0; i < 3; i++)
        {
            using var response = await app.GetAsync("/health", caller);
        }

        await app.App.StopAsync(TestContext.Current.CancellationToken);
        await ProfileAsync();
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
    }

    [Theory]
    [MemberData(nameof(SamplersAndCallers))]
    public async Task A_profiler_that_a_probe_starts_exports_the_spans_of_other_requests(string? sampler, string? caller)
    {
        await using var app = await StartAsync(sampler, isAwaited: false);
        using var probe = await app.GetAsync("/health", caller);
        using var order = await app.GetAsync("/orders", caller);
        await app.App.StopAsync(TestContext.Current.CancellationToken);
        await ProfileAsync();
        await app.StopAsync();

        // A parent-based sampler follows the caller.
        Assert.Equal(sampler is null && caller == TraceParent.Unsampled ? [] : ["GET /{name}", "PING"], app.SpanNames);
    }

    [Theory]
    [MemberData(nameof(SamplersAndCallers))]
    public async Task A_profiler_of_a_running_probe_exports_the_spans_of_other_requests(string? sampler, string? caller)
    {
        var (isRunning, isOver) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await StartAsync(sampler, isAwaited: false, wait: () =>
        {
            isRunning.SetResult();
            return isOver.Task.WithinAMinute();
        });
        var probe = app.GetAsync("/health", caller);
        await isRunning.Task.WithinAMinute();
        using var order = await app.GetAsync("/orders", TraceParent.Sampled);
        await ProfileAsync();
        isOver.SetResult();
        using var response = await probe;
        await app.StopAsync();

        Assert.Equal(["GET /{name}", "PING"], app.SpanNames.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(SamplersAndCallers))]
    public async Task Work_that_a_later_probe_hands_to_the_loop_exports_no_span(string? sampler, string? caller)
    {
        await using var app = await StartAsync(sampler, isAwaited: true);
        for (var i = 0; i < 3; i++)
        {
            using var response = await app.GetAsync("/health", caller);
        }

        await app.StopAsync();

        Assert.Empty(app.SpanNames);
    }

    [Theory]
    [MemberData(nameof(SamplersAndCallers))]
    public async Task Work_that_another_request_hands_to_the_loop_is_sampled_with_it(string? sampler, string? caller)
    {
        await using var app = await StartAsync(sampler, isAwaited: true);
        using var probe = await app.GetAsync("/health", caller);
        using var order = await app.GetAsync("/orders", caller);
        await app.StopAsync();

        Assert.Equal(sampler is null && caller == TraceParent.Unsampled ? [] : ["process", "GET /{name}"], app.SpanNames);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("always_on", true)]
    [InlineData("traceidratio", true)]
    [InlineData(null, false)]
    [InlineData("always_on", false)]
    [InlineData("traceidratio", false)]
    public async Task A_command_below_an_activity_that_nobody_listens_to_exports_no_span(string? sampler, bool isRoot)
    {
        await using var app = await StartAsync(sampler, isAwaited: false, activity: () =>
        {
            if (isRoot)
            {
                Activity.Current = null;
                return TracedApp.Source.StartActivity("root");
            }

            return new Activity("legacy").Start();
        });
        using var response = await app.GetAsync("/health");
        await app.App.StopAsync(TestContext.Current.CancellationToken);

        // On a thread without the context of the request.
        await foreach (var (command, _) in TakeCommandsAsync())
        {
            TracedApp.Source.StartActivity("PING", ActivityKind.Client, command)?.Dispose();
        }

        await app.StopAsync();

        Assert.Empty(app.SpanNames);
    }

    public async ValueTask DisposeAsync()
    {
        _work.Writer.TryComplete();
        await (_loop ?? Task.CompletedTask);
    }

    private async Task<TracedApp> StartAsync(
        string? sampler, bool isAwaited, Func<Task>? wait = null, Func<Activity?>? activity = null) =>
        await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app => app.MapGet("/{name}", async (string name) =>
            {
                _loop ??= Task.Run(RunAsync);
                using var inner = activity?.Invoke();
                if (isAwaited)
                {
                    await ProcessAsync(Activity.Current!.Context, start: default);
                }
                else
                {
                    await _commands.Writer.WriteAsync((Activity.Current!.Context, DateTime.UtcNow));
                }

                if (wait is not null && name == "health")
                {
                    await wait();
                }
            }),
            new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0" });

    private async Task RunAsync()
    {
        await foreach (var (parent, start, done) in _work.Reader.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            // Without a start time, it is work that starts now.
            var (name, kind) = start == default ? ("process", ActivityKind.Consumer) : ("PING", ActivityKind.Client);
            TracedApp.Source.StartActivity(name, kind, parent, startTime: start)?.Dispose();
            done.SetResult();
        }
    }

    private async Task ProcessAsync(ActivityContext parent, DateTime start)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _work.Writer.WriteAsync((parent, start, done));
        await done.Task.WithinAMinute();
    }

    // Starts the spans of the commands at the time when they were sent.
    private async Task ProfileAsync()
    {
        await foreach (var (command, sentAt) in TakeCommandsAsync())
        {
            await ProcessAsync(command, sentAt);
        }
    }

    private IAsyncEnumerable<(ActivityContext Parent, DateTime SentAt)> TakeCommandsAsync()
    {
        _commands.Writer.Complete();
        return _commands.Reader.ReadAllAsync(TestContext.Current.CancellationToken);
    }
}
