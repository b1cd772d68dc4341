using System.Collections.Concurrent;
using System.Diagnostics;
using Aspire.RouteTracing.Hooks;
using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Learns that routing has chosen an endpoint, in every shape of pipeline: with and without UseRouting, in a branch, for an endpoint that
/// short-circuits.
/// </summary>
internal sealed class RouteMatchedObserver(
    ActiveRouteTracing tracing,
    AppRequests requests,
    RouteNaming routeNaming,
    RequestHooks hooks) : IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string EndpointMatched = "Microsoft.AspNetCore.Routing.EndpointMatched";

    private readonly ConcurrentBag<IDisposable> _subscriptions = [];

    /// <summary>
    /// Gets or sets a value indicating whether this names the requests, because the application's routing has no <see
    /// cref="RouteNamePolicy"/>.
    /// </summary>
    public bool NamesRoutes { get; set; }

    // The predicate keeps the events that nobody asked for from being written; those that somebody else asked for come here all the same.
    public void Subscribe(DiagnosticListener listener) =>
        _subscriptions.Add(listener.Subscribe(this, static name => name == EndpointMatched));

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key == EndpointMatched && value.Value is HttpContext context && tracing.Current.Enabled && requests.Contain(context))
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
            if (NamesRoutes)
            {
                ReExecution.RestoreAtEnd(context, original);
            }

            return;
        }

        if (context.GetEndpoint() is { } endpoint)
        {
            if (NamesRoutes
                && routeNaming.Name(endpoint, tracing.Current.RouteTemplateFormat, context.Request.PathBase) is var named
                && named != endpoint)
            {
                context.SetEndpoint(named);
            }
        }

        hooks.OnRouteMatched(context);
    }
}
