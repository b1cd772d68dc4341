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
    RequestHooks hooks,
    DiagnosticListener? listener = null) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string EndpointMatched = "Microsoft.AspNetCore.Routing.EndpointMatched";

    private readonly ConcurrentQueue<IDisposable> _subscriptions = [];
    private bool _isSubscribed;

    /// <summary>Subscribes to the application. Only the first call has an effect.</summary>
    public void Subscribe()
    {
        if (listener is not null && !_isSubscribed && !Interlocked.Exchange(ref _isSubscribed, true))
        {
            SubscribeTo(listener);
        }
    }

    /// <summary>Subscribes to every application of the process.</summary>
    public void SubscribeToAll() => _subscriptions.Enqueue(DiagnosticListener.AllListeners.Subscribe(this));

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == "Microsoft.AspNetCore")
        {
            SubscribeTo(value);
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

    // The predicate avoids other events, but events that another subscriber enabled still arrive here.
    private void SubscribeTo(DiagnosticListener events) =>
        _subscriptions.Enqueue(events.Subscribe(this, static name => name == EndpointMatched));

    private void OnRouteMatched(HttpContext context)
    {
        if (ReExecution.RestoreAtEnd(context))
        {
            return;
        }

        // No RouteNamePolicy names the endpoints of other applications.
        if (requests.AreOfAllApplications && context.GetEndpoint() is { } endpoint)
        {
            context.SetEndpoint(routeNaming.Name(endpoint, tracing.Current.RouteTemplateFormat, context.Request.PathBase));
        }

        hooks.OnRouteMatched(context);
    }
}
