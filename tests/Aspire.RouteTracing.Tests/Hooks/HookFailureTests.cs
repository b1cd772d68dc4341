using System.Collections.Concurrent;
using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.RouteTracing.Tests.Hooks;

/// <summary>Exceptions of hooks, and async hooks.</summary>
public sealed class HookFailureTests
{
    [Fact]
    public async Task A_hook_that_throws_is_logged_once_and_does_not_affect_the_request()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings =>
                {
                    settings.RequestHook = (span, _) =>
                    {
                        span.DisplayName = "set before the exception";
                        throw new InvalidOperationException("broken request hook");
                    };
                    settings.ResponseHook = (_, _) => throw new InvalidOperationException("broken response hook");
                });
                builder.Services.AddRouteTracingHook<BrokenHook>();
                builder.Services.AddRouteTracingHook<TaggingHook>();
            },
            app => app.MapGet("/", () => "ok"));

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("ok", await app.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
        }

        await app.StopAsync();

        Assert.Equal(
            ["RequestHook: broken request hook", $"{typeof(BrokenHook)}: broken class", "ResponseHook: broken response hook"],
            app.Logs.Where(log => log.LogLevel == LogLevel.Error).Select(
                log => $"{log.Attributes!.Single(attribute => attribute.Key == "Hook").Value}: {log.Exception!.Message}"));
        Assert.Equal(3, app.Spans.Count);
        Assert.All(app.Spans, span =>
        {
            Assert.Equal("set before the exception", span.DisplayName);
            Assert.Equal("request, response", span.GetTagItem("tagged"));
            Assert.Equal(ActivityStatusCode.Unset, span.Status);
        });
    }

    [Fact]
    public async Task A_hook_that_cannot_be_created_fails_the_startup()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                builder.Services.AddRouteTracingHook<UncreatableHook>();
            },
            app => app.MapGet("/", () => "ok")));

        Assert.Equal("uncreatable", failure.Message);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_async_hook_that_throws_after_an_await_is_logged_once()
    {
        var logs = new HookLogs(expected: 2);
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Logging.AddProvider(logs);
                builder.AddRouteTracing(settings => settings.RequestHook = async (_, _) =>
                {
                    await Task.Yield();
                    throw new InvalidOperationException("after the await");
                });
            },
            app => app.MapGet("/", () => "ok"));

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("ok", await app.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
        }

        await logs.Complete.WithinAMinute();
        await app.StopAsync();

        Assert.Equal(["Error: RequestHook, after the await", "Warning: RequestHook, "], logs.Order());
        Assert.Equal(3, app.Spans.Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_async_hook_continues_after_its_awaits_without_delaying_the_request()
    {
        var (gate, done) = (new TaskCompletionSource(), new TaskCompletionSource<Activity?>());
        await using var app = await HookedApp.StartAsync(
            settings => settings.RequestHook = async (span, _) =>
            {
                await gate.Task.WithinAMinute();
                await Task.Yield();
                done.SetResult(Activity.Current);
            },
            app => app.MapGet("/", () => "ok"));

        Assert.Equal("ok", await app.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
        gate.SetResult();

        Assert.Equal(
            "Microsoft.AspNetCore.Hosting.HttpRequestIn",
            (await done.Task.WithinAMinute())?.OperationName);
    }

    /// <summary>The log messages about hooks, in no particular order.</summary>
    private sealed class HookLogs(int expected) : ConcurrentQueue<string>, ILoggerProvider, ILogger
    {
        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Complete => _complete.Task;

        public ILogger CreateLogger(string categoryName) =>
            categoryName.StartsWith("Aspire.RouteTracing.Hooks", StringComparison.Ordinal) ? this : NullLogger.Instance;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var hook = ((IReadOnlyList<KeyValuePair<string, object?>>)state!).Single(value => value.Key == "Hook").Value;
            Enqueue($"{logLevel}: {hook}, {exception?.Message}");
            if (Count == expected)
            {
                _complete.TrySetResult();
            }
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Dispose()
        {
        }
    }

    private sealed class UncreatableHook : IRouteTracingHook
    {
        public UncreatableHook() => throw new InvalidOperationException("uncreatable");
    }

    private sealed class BrokenHook : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => throw new InvalidOperationException("broken class");

        public void OnResponse(Activity activity, HttpResponse response) => throw new InvalidOperationException("broken class");
    }

    private sealed class TaggingHook : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => activity.SetTag("tagged", "request");

        public void OnResponse(Activity activity, HttpResponse response) =>
            activity.SetTag("tagged", activity.GetTagItem("tagged") + ", response");
    }
}
