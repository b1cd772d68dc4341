using System.Diagnostics;
using Aspire.RouteTracing.Instrumentation;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Runs an excluded request as one. It does so for requests that no sampler picked, too: their metrics are recorded, and what they start could be
/// sampled on its own.
/// </summary>
internal sealed class ExclusionMiddleware(
    RequestDelegate next,
    AppRequests requests,
    RequestExclusion exclusion,
    ExcludedRequests excludedRequests,
    ExcludedRequestsCounter counter)
{
    public Task InvokeAsync(HttpContext context)
    {
        var current = Activity.Current;
        var server = ServerActivity.Find(context, current);

        // The instrumentation's Filter, where it is asked, was asked about a recorded request already, and let it pass.
        if (server is { IsAllDataRequested: true } && requests.HasFilter)
        {
            return next(context);
        }

        // If it did not, it has marked the request, maybe by settings that have changed since. Which item it was, only the counter wants to know.
        var isMarked = server is not null && ExcludedRequests.Contain(server);
        var urlExclusion = isMarked && !counter.Enabled ? null : exclusion.Find(context);
        if (urlExclusion is not null || (isMarked && ExcludedRequests.IsByUrl(server!)))
        {
            exclusion.ExcludeFromMetrics(context);
            ExcludedRequests.Mark(server, isByUrl: true);
            return urlExclusion is not null && counter.Enabled
                ? CountAsync(context, server, current, urlExclusion)
                : RunExcludedAsync(context, server, current);
        }

        // What the caller or the application's own filter excluded is left out of the traces only.
        if (!isMarked)
        {
            if (!exclusion.IsExcludedUpstream(server))
            {
                return next(context);
            }

            ExcludedRequests.Mark(server, isByUrl: false);
        }

        return RunExcludedAsync(context, server, current);
    }

    // What next starts takes the mark along in its execution context. Here the context before is put back, as an async method would, which takes longer.
    private Task RunExcludedAsync(HttpContext context, Activity? server, Activity? current)
    {
        if (server is null)
        {
            return next(context);
        }

        var before = ExecutionContext.Capture();
        excludedRequests.Begin(server, current);
        try
        {
            return next(context);
        }
        finally
        {
            // None where the flow is suppressed: nothing takes the mark along then.
            if (before is not null)
            {
                ExecutionContext.Restore(before);
            }
        }
    }

    private async Task CountAsync(HttpContext context, Activity? server, Activity? current, UrlExclusion urlExclusion)
    {
        try
        {
            await RunExcludedAsync(context, server, current);
        }
        catch (Exception exception)
        {
            counter.Add(urlExclusion.Pattern, StatusCodeAfter(exception, context));
            throw;
        }

        counter.Add(urlExclusion.Pattern, context.Response.StatusCode);
    }

    // What the server will make of it, where the response hasn't started.
    private static int StatusCodeAfter(Exception exception, HttpContext context) => exception switch
    {
        _ when context.Response.HasStarted => context.Response.StatusCode,
        BadHttpRequestException badRequest => badRequest.StatusCode,
        OperationCanceledException when context.RequestAborted.IsCancellationRequested => StatusCodes.Status499ClientClosedRequest,
        _ => StatusCodes.Status500InternalServerError,
    };
}
