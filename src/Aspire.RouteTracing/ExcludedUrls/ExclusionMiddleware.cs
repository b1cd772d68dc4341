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
        // What has a parent in the process may have been started within the server's activity, at the start of the request or in front of this middleware.
        var server = Activity.Current is { Parent: null } current ? current : ServerActivity.Find(context);

        // The instrumentation's Filter, where it is asked, was asked about a recorded request already, and let it pass.
        if (server is { IsAllDataRequested: true } && requests.HasFilter)
        {
            return next(context);
        }

        // If it did not, it has marked the request, maybe by settings that have changed since.
        var isMarked = server is not null && ExcludedRequests.Contain(server);
        if (isMarked && !counter.Enabled)
        {
            return RunExcludedAsync(context, server);
        }

        if (exclusion.Find(context) is { } urlExclusion)
        {
            exclusion.ExcludeFromMetrics(context);
            return counter.Enabled ? CountAsync(context, server, urlExclusion) : RunExcludedAsync(context, server);
        }

        // What the caller or the application's own filter excluded is left out of the traces only.
        return isMarked || exclusion.IsExcludedUpstream(server) ? RunExcludedAsync(context, server) : next(context);
    }

    // What next starts takes the mark along in its execution context. Here the context before is put back, as an async method would, which takes longer.
    private Task RunExcludedAsync(HttpContext context, Activity? server)
    {
        if (server is null)
        {
            return next(context);
        }

        var before = ExecutionContext.Capture();
        excludedRequests.Begin(server);
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

    private async Task CountAsync(HttpContext context, Activity? server, UrlExclusion urlExclusion)
    {
        var statusCode = StatusCodes.Status500InternalServerError;
        try
        {
            await RunExcludedAsync(context, server);
            statusCode = context.Response.StatusCode;
        }
        catch (BadHttpRequestException exception)
        {
            statusCode = exception.StatusCode;
            throw;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            statusCode = StatusCodes.Status499ClientClosedRequest;
            throw;
        }
        finally
        {
            counter.Add(urlExclusion.Pattern, statusCode);
        }
    }
}
