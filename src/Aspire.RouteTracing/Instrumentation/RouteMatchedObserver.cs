using System.Collections.Concurrent;
using System.Diagnostics;
using Aspire.RouteTracing.Hooks;
using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Observes that routing has selected an endpoint, in any pipeline: with and without UseRouting, in a branch, and for an endpoint that
/// short-circuits.
/// </summary>
internal sealed class RouteMatchedObserver(
    ActiveRouteTracing tracing,
    AppRequests requests,
    RouteNaming routeNaming,
    RequestHooks hooks) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string EndpointMatched = "Microsoft.AspNetCore.Routing.EndpointMatched";

    private readonly ConcurrentBag<IDisposable> _subscriptions = [];

    /// <summary>Subscribes to every application of the process.</summary>
    public void SubscribeToAll() => _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));

    // The predicate avoids other events, but events that another subscriber enabled still arrive here.
    public void Subscribe(DiagnosticListener listener) =>
        _subscriptions.Add(listener.Subscribe(this, static name => name == EndpointMatched));

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == "Microsoft.AspNetCore")
        {
            Subscribe(value);
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key == EndpointMatched && value.Value is HttpContext context && tracing.Current.Enabled && requests.Contains(context))
        {
            OnRouteMatched(context);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Dispose();
        }
    }

    private void OnRouteMatched(HttpContext context)
    {
        if (ReExecution.IsRunning(context, out var original))
        {
            if (requests.AreOfProcess)
            {
                ReExecution.RestoreAtEnd(context, original);
            }

            return;
        }

        // No RouteNamePolicy names the endpoints of other applications.
        if (requests.AreOfProcess && context.GetEndpoint() is { } endpoint)
        {
            context.SetEndpoint(routeNaming.Name(endpoint, tracing.Current.RouteTemplateFormat, context.Request.PathBase));
        }

        hooks.OnRouteMatched(context);
    }
}
