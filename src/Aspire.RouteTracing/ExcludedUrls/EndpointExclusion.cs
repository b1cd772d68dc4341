using System.Diagnostics;
using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Excludes the requests that execute an endpoint with <see cref="ExcludeFromTracingAttribute"/>.</summary>
/// <remarks>
/// The endpoints are known when routing builds its tables, at the first request. Reading them from the container's data source, as the
/// report of a list does in the background, would create every endpoint again.
/// </remarks>
internal sealed class EndpointExclusion(RequestExclusion exclusion, ActiveRouteTracing tracing, EndpointDataSource? endpoints = null)
{
    private const string PartOperationName = "Aspire.RouteTracing.ExcludedPart";

    // At the first request, the application has mapped its endpoints.
    private readonly Lazy<bool> _hasEndpoints = new(
        () => endpoints is CompositeEndpointDataSource composite ? composite.DataSources.Any() : endpoints is not null);

    private volatile bool _hasExcludedEndpoint;
    private volatile bool _areEndpointsSeen;

    /// <summary>Gets whether an endpoint of the application has the attribute, or may have it.</summary>
    public bool IsUsed => _hasExcludedEndpoint || (!_areEndpointsSeen && _hasEndpoints.Value);

    /// <summary>Called with the endpoints of each node of routing's tables.</summary>
    public void OnEndpoints(IReadOnlyList<Endpoint> endpoints)
    {
        // The attributes of a Razor Page are known only when it is selected.
        if (endpoints.Any(endpoint => endpoint.Metadata.GetMetadata<PageActionDescriptor>() is not null))
        {
            _hasExcludedEndpoint = true;
        }
    }

    /// <summary>Called when all endpoints of routing's tables have been wrapped.</summary>
    public void OnTables() => _areEndpointsSeen = true;

    /// <summary>Returns a delegate that excludes the request and then executes the endpoint.</summary>
    /// <param name="execute">The endpoint's own delegate.</param>
    /// <param name="route">The route by which the request is counted.</param>
    public RequestDelegate Wrap(RequestDelegate execute, string route)
    {
        // A policy can select endpoints that aren't in the tables, such as a dynamic route of MVC.
        _hasExcludedEndpoint = true;
        return context => ExecuteAsync(context, execute, route);
    }

    private Task ExecuteAsync(HttpContext context, RequestDelegate execute, string route)
    {
        if (!tracing.Current.Enabled || ReExecution.IsRunning(context, out _))
        {
            // An error page doesn't exclude the request that failed.
            return execute(context);
        }

        var request = ExcludedRequest.Current;
        if (request is { IsOver: false } && !request.IsOf(context))
        {
            return request.IsRunning ? execute(context) : ExecutePartAsync(context, execute, route);
        }

        if (request is null or { IsOver: true })
        {
            request = exclusion.ExcludeUntracked(context, route);
        }
        else if (!request.IsCounted)
        {
            request.Exclude(route, isCounted: true);
            exclusion.DisableMetrics(context);
        }

        StopRecordingOpenSpans(request);
        return execute(context);
    }

    // Middleware in front of the endpoint has started them.
    private static void StopRecordingOpenSpans(ExcludedRequest request)
    {
        for (var open = Activity.Current; open is not null && open != request.Server; open = open.Parent)
        {
            ExcludedRequest.StopRecording(open);
        }
    }

    // A part of a batch shares the server activity and the metrics of the outer request. An unrecorded activity represents the part, so
    // that its spans have an unrecorded parent.
    private async Task ExecutePartAsync(HttpContext context, RequestDelegate execute, string route)
    {
        using var part = new Activity(PartOperationName).Start();
        var request = exclusion.Exclude(context, part, route, isCounted: false);
        try
        {
            await execute(context);
        }
        finally
        {
            request.End();
        }
    }
}
