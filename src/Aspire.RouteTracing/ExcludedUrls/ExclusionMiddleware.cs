using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

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

        // If it did not, it has marked the request, maybe before the settings changed.
        if (server is not null && RequestExclusion.IsMarkedExcluded(server))
        {
            return RunExcludedAsync(context, server, exclusion.TakeOver(server, context));
        }

        if (!exclusion.Rules.Enabled)
        {
            return next(context);
        }

        var urlExclusion = exclusion.Find(context);
        return urlExclusion is not null || exclusion.IsExcludedUpstream(server)
            ? RunExcludedAsync(context, server, urlExclusion)
            : next(context);
    }

    private Task RunExcludedAsync(HttpContext context, Activity? server, UrlExclusion? urlExclusion)
    {
        // Only what is excluded by its URL is kept from the metrics and counted here: the rest was kept out of the traces elsewhere, or by others.
        if (urlExclusion is null)
        {
            return RunMarkedAsync(context, server);
        }

        // Get<T>, which is generic and virtual, takes twice as long.
        if (exclusion.Rules.ExcludeFromMetrics && context.Features[typeof(IHttpMetricsTagsFeature)] is IHttpMetricsTagsFeature metrics)
        {
            metrics.MetricsDisabled = true;
        }

        return counter.Enabled ? RunCountedAsync(context, server, urlExclusion) : RunMarkedAsync(context, server);
    }

    // What next starts takes the mark along in its execution context. Here the context before is put back, as an async method would, which takes longer.
    private Task RunMarkedAsync(HttpContext context, Activity? server)
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

    private async Task RunCountedAsync(HttpContext context, Activity? server, UrlExclusion urlExclusion)
    {
        var statusCode = StatusCodes.Status500InternalServerError;
        try
        {
            await RunMarkedAsync(context, server);
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
