using System.Collections.Concurrent;
using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
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
    EndpointExclusion endpointExclusion,
    RouteNaming routeNaming,
    RequestHooks hooks) : IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string EndpointMatched = "Microsoft.AspNetCore.Routing.EndpointMatched";

    private readonly ConcurrentBag<IDisposable> _subscriptions = [];

    // The predicate keeps the events that nobody asked for from being written; those that somebody else asked for come here all the same.
    public void Subscribe(DiagnosticListener listener)
        => _subscriptions.Add(listener.Subscribe(this, static name => name == EndpointMatched));

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
            ReExecution.RestoreAtEnd(context, original);
            return;
        }

        if (context.GetEndpoint() is { } endpoint)
        {
            var named = routeNaming.Name(context, endpoint);
            if (named.IsExcluded)
            {
                endpointExclusion.Exclude(context, named.Endpoint);
            }
            else
            {
                endpointExclusion.TakeBack(context);
            }
        }

        hooks.OnRouteMatched(context);
    }
}
