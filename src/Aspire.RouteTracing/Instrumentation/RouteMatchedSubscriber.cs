using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Learns of the routes of every web application in the process, as OpenTelemetry's instrumentation does: for a tracer provider that is
/// none of an application's.
/// </summary>
internal sealed class RouteMatchedSubscriber : IObserver<DiagnosticListener>, IDisposable
{
    private readonly RouteMatchedObserver _observer;
    private readonly IDisposable? _subscription;

    public RouteMatchedSubscriber(IServiceProvider services)
    {
        _observer = services.GetRequiredService<RouteMatchedObserver>();

        // The container of an application has its listener, to which RouteNamePolicy subscribes.
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
