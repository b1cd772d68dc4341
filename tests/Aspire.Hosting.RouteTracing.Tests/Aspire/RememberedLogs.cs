using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.RouteTracing.Tests.Aspire;

/// <summary>Keeps what the package logs in the AppHost.</summary>
internal sealed class RememberedLogs : ILoggerProvider
{
    private readonly ConcurrentQueue<(LogLevel Level, string Message)> _logs = new();

    public IReadOnlyList<string> Warnings => [.. _logs.Where(log => log.Level >= LogLevel.Warning).Select(log => log.Message)];

    public ILogger CreateLogger(string categoryName)
        => categoryName.StartsWith("Aspire.Hosting.RouteTracing", StringComparison.Ordinal) ? new Logger(_logs) : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<(LogLevel Level, string Message)> logs) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => logs.Enqueue((logLevel, formatter(state, exception)));
    }
}

internal static class RememberedLogsExtensions
{
    public static RememberedLogs AddRememberedLogs(this IDistributedApplicationBuilder builder)
    {
        var logs = new RememberedLogs();
        builder.Services.AddLogging(logging => logging.AddProvider(logs));
        return logs;
    }
}
