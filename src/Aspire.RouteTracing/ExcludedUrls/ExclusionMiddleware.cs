using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Runs an excluded request as one. It does so for requests that no sampler picked, too: their metrics are recorded, and what they start could be
/// sampled on its own.
/// </summary>
internal sealed class ExclusionMiddleware(
    RequestDelegate next,
    RequestExclusion exclusion,
    ExcludedRequests excludedRequests,
    ExcludedRequestsCounter counter)
{
    public Task InvokeAsync(HttpContext context)
    {
        // The instrumentation's Filter was asked about a recorded request already, and let it pass.
        var server = Activity.Current;
        if (server is { IsAllDataRequested: true })
        {
            return next(context);
        }

        // If it did not, the request runs as an excluded one already, maybe by settings that have changed since.
        var isExcluded = server is not null && ExcludedRequests.Contain(server);
        if (isExcluded && !counter.Enabled)
        {
            return next(context);
        }

        var urlExclusion = exclusion.Find(context);
        if (!isExcluded && (urlExclusion is not null || exclusion.IsExcludedUpstream(server)))
        {
            Exclude(context, server, urlExclusion);
        }

        return urlExclusion is not null && counter.Enabled ? CountAsync(context, urlExclusion) : next(context);
    }

    private void Exclude(HttpContext context, Activity? server, UrlExclusion? urlExclusion)
    {
        // What the caller excluded is left out of the traces only.
        if (urlExclusion is not null)
        {
            exclusion.ExcludeFromMetrics(context);
        }

        if (server is not null)
        {
            excludedRequests.Begin(server);
        }
    }

    private async Task CountAsync(HttpContext context, UrlExclusion urlExclusion)
    {
        var statusCode = StatusCodes.Status500InternalServerError;
        try
        {
            await next(context);
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
