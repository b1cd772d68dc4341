using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing;

/// <summary>
/// Ignores the exceptions of the application's loggers, which would break a request, or end the process from a background thread.
/// </summary>
/// <remarks>
/// Resolves the logger when it first logs, because a logger provider can depend on the tracer provider, which is being built when this
/// object is created.
/// </remarks>
internal sealed class SafeLogger<T>(IServiceProvider services) : ILogger
{
    private ILogger<T>? _logger;

    private ILogger<T> Logger => _logger ??= services.GetRequiredService<ILogger<T>>();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return Logger.IsEnabled(logLevel);
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
            Logger.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            // There is nowhere else to report it.
        }
    }
}
