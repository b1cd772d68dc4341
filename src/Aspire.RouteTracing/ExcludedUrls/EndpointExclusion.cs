using System.Diagnostics;
using Aspire.RouteTracing.Instrumentation;
using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Excludes the requests that execute an endpoint with <see cref="ExcludeFromTracingAttribute"/>.</summary>
internal sealed class EndpointExclusion(RequestExclusion exclusion, ActiveRouteTracing tracing, IServiceProvider services)
{
    private const string PartOperationName = "Aspire.RouteTracing.ExcludedPart";

    // Null until it is needed. Reset when the endpoints change. A computation that is running then writes to the old Lazy, so its result is
    // discarded.
    private volatile Lazy<bool>? _isUsed;
    private volatile bool _isSubscribed;

    /// <summary>Gets whether an endpoint of the application has the attribute, or may have it.</summary>
    public bool IsUsed => (_isUsed ??= new(HasExcludedEndpoint, LazyThreadSafetyMode.PublicationOnly)).Value;

    /// <summary>Returns a delegate that excludes the request and then executes the endpoint.</summary>
    /// <param name="execute">The endpoint's own delegate.</param>
    /// <param name="route">The route by which the request is counted.</param>
    public RequestDelegate Wrap(RequestDelegate execute, string route) => context =>
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
            // The middleware isn't in the pipeline: a tracer provider outside of the application has route tracing.
            request = exclusion.Exclude(context, ServerActivity.Find(context), route, isCounted: false);
        }
        else if (!request.IsCounted)
        {
            request.Exclude(route, isCounted: true);
            exclusion.DisableMetrics(context);
        }

        StopRecordingOpenSpans(request);
        return execute(context);
    };

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

    private bool HasExcludedEndpoint()
    {
        if (services.GetService<EndpointDataSource>() is not { } source)
        {
            return false;
        }

        try
        {
            if (!_isSubscribed)
            {
                // Two threads can subscribe. Each must subscribe before it reads the endpoints.
                ChangeToken.OnChange(source.GetChangeToken, () => _isUsed = null);
                _isSubscribed = true;
            }

            return source.Endpoints.Any(MayBeExcluded);
        }
        catch (Exception exception)
        {
            exclusion.LogFailure(exception);
            return true;
        }
    }

    // The attributes of a Razor Page are known only when it is selected.
    private static bool MayBeExcluded(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<ExcludeFromTracingAttribute>() is not null
            || endpoint.Metadata.GetMetadata<PageActionDescriptor>() is not null;
}
