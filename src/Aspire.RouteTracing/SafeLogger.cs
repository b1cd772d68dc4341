using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing;

/// <summary>
/// Ignores the exceptions of the application's loggers, which would break a request, or end the process from a background thread.
/// </summary>
internal sealed class SafeLogger<T>(ILogger<T> logger) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return logger.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            return false;
        }
    }

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            logger.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            // There is nowhere else to report it.
        }
    }
}
