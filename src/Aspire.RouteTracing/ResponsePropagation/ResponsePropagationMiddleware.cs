using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Instrumentation;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.ResponsePropagation;

/// <summary>Has the trace written to the response of every request that isn't excluded, sampled or not.</summary>
internal sealed class ResponsePropagationMiddleware(RequestDelegate next, ActiveRouteTracing tracing, ExcludedRequests excludedRequests)
{
    public Task InvokeAsync(HttpContext context)
    {
        var propagators = tracing.Current.ResponsePropagators;
        if (propagators != ResponsePropagators.None
            && !excludedRequests.IsRunning
            && !context.Response.HasStarted
            && ServerActivity.Find(context, Activity.Current) is { IdFormat: ActivityIdFormat.W3C } server)
        {
            context.Response.OnStarting(
                static response => ((TraceableResponse)response).WriteTraceAsync(),
                new TraceableResponse(context.Response, server, excludedRequests, propagators));
        }

        return next(context);
    }
}
