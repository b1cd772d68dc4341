using System.Diagnostics;
using Aspire.RouteTracing.Instrumentation;
using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Excludes the requests that execute an endpoint with <see cref="ExcludeFromTracingAttribute"/>.</summary>
internal sealed class EndpointExclusion(RequestExclusion exclusion, ActiveRouteTracing tracing, RoutingTables tables)
{
    private const string PartOperationName = "Aspire.RouteTracing.ExcludedPart";

    private volatile bool _hasExcludedEndpoint;

    /// <summary>Gets whether an endpoint of the application has the attribute, or may have it.</summary>
    public bool IsUsed => _hasExcludedEndpoint || tables.AreMissing;

    /// <summary>Returns a delegate that excludes the request, which is counted by the route, and then executes the endpoint.</summary>
    public RequestDelegate Wrap(RequestDelegate execute, string route)
    {
        // Here, not when a table is built, because a policy can select endpoints that aren't in the tables, such as a Razor Page.
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

        var request = ExcludedRequest.Current is { IsOver: false } current ? current : null;
        if (request is not null && !request.IsOf(context))
        {
            // A part of a batch. If the batch is excluded, so is the part.
            return request.IsRunning ? execute(context) : ExecutePartAsync(context, execute, route);
        }

        StopRecordingOpenSpans(exclusion.ExcludeByEndpoint(context, request, route));
        return execute(context);
    }

    // Spans that middleware in front of the endpoint has started.
    private static void StopRecordingOpenSpans(ExcludedRequest request)
    {
        for (var open = Activity.Current; open is not null && open != request.Server; open = open.Parent)
        {
            ExcludedSpans.StopRecording(open);
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
            request.Release();
        }
    }
}
