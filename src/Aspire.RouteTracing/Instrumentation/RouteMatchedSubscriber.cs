using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Subscribes a tracer provider without a web application to the matched routes of every application in the process.
/// </summary>
internal sealed class RouteMatchedSubscriber : IObserver<DiagnosticListener>, IDisposable
{
    private readonly RouteMatchedObserver _observer;
    private readonly IDisposable? _subscription;

    public RouteMatchedSubscriber(IServiceProvider services)
    {
        _observer = services.GetRequiredService<RouteMatchedObserver>();

        // In a web application, the container has a DiagnosticListener, and RouteNamePolicy subscribes to it.
        if (services.GetService<DiagnosticListener>() is null)
        {
            _observer.NamesRoutes = true;
            _subscription = DiagnosticListener.AllListeners.Subscribe(this);
        }
    }

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == "Microsoft.AspNetCore")
        {
            _observer.Subscribe(value);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose() => _subscription?.Dispose();
}
