using Aspire.RouteTracing.LiveList;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Tests.Logging;

/// <summary>A logger that throws, such as one that writes to the output of a test that has ended, harms nothing.</summary>
public sealed class ThrowingLoggerTests
{
    [Fact]
    public async Task A_throwing_logger_affects_nothing()
    {
        using var logger = new ThrowingLogger();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Logging.AddProvider(logger);
                builder.AddRouteTracing(settings =>
                {
                    settings.ExcludedUrls.Add("^/health$");
                    settings.RequestHook = (_, _) => throw new InvalidOperationException("broken hook");
                    if (builder.Configuration["broken"] == "yes")
                    {
                        throw new InvalidOperationException("broken delegate");
                    }
                });
            },
            app => app.MapGet("/{name}", () => "ok"));

        using var traced = await app.GetAsync("/orders");
        traced.EnsureSuccessStatusCode();
        app.Reload("broken", "yes");
        app.Reload("broken", "no");
        app.Reload("OTEL_DOTNET_EXCLUDED_URLS", "^/other$");
        using var excluded = await app.GetAsync("/other");
        await app.StopAsync();

        Assert.Equal(["GET /{name}"], app.SpanNames);
        Assert.Contains(typeof(ExclusionReport).FullName, logger.Categories);
    }

    private sealed class ThrowingLogger : ILoggerProvider
    {
        private readonly List<string> _categories = [];

        public IReadOnlyList<string> Categories
        {
            get
            {
                lock (_categories)
                {
                    return [.. _categories];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void Dispose()
        {
        }

        private sealed class Logger(ThrowingLogger provider, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => category.StartsWith("Aspire.RouteTracing.Hooks", StringComparison.Ordinal)
                ? throw new InvalidOperationException("broken logger")
                : category.StartsWith("Aspire.RouteTracing", StringComparison.Ordinal);

            public void Log<TState>(
                LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (!IsEnabled(logLevel))
                {
                    return;
                }

                lock (provider._categories)
                {
                    provider._categories.Add(category);
                }

                throw new InvalidOperationException("broken logger");
            }
        }
    }
}
