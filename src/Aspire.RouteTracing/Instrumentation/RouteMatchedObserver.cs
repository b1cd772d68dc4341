using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Hooks;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Learns that routing has chosen an endpoint, in every shape of pipeline: with and without UseRouting, in a branch, for an endpoint that
/// short-circuits. Subscribes to the listener of this application's container, which no other application of the process writes to.
/// </summary>
internal sealed class RouteMatchedObserver(
    DiagnosticListener listener,
    RequestExclusion exclusion,
    EndpointExclusion endpointExclusion,
    RequestHooks hooks) : IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string EndpointMatched = "Microsoft.AspNetCore.Routing.EndpointMatched";

    private IDisposable? _subscription;

    // The predicate keeps the events that nobody asked for from being written; those that somebody else asked for come here all the same.
    public void Subscribe() => _subscription ??= listener.Subscribe(this, static (name, _, _) => name == EndpointMatched);

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key == EndpointMatched && value.Value is HttpContext context && exclusion.Rules.Enabled)
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

    public void Dispose() => _subscription?.Dispose();

    private void OnRouteMatched(HttpContext context)
    {
        if (IsReExecuted(context))
        {
            return;
        }

        if (context.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<ExcludeFromTracingAttribute>() is not null)
        {
            endpointExclusion.Exclude(context, endpoint);
        }

        hooks.OnRouteMatched(context);
    }

    // An error page is not what the client asked for.
    private static bool IsReExecuted(HttpContext context)
        => context.Features.Get<IExceptionHandlerFeature>() is not null || context.Features.Get<IStatusCodeReExecuteFeature>() is not null;
}
