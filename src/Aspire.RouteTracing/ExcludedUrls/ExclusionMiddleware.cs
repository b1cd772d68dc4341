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
        var rules = exclusion.Rules;
        var server = Activity.Current;

        // The instrumentation's Filter was asked already: about a recorded request, which it let pass, or about one that it marked before the
        // settings changed.
        var isMarked = server is not null && RequestExclusion.IsMarkedExcluded(server);
        if ((!rules.Enabled && !isMarked) || server is { IsAllDataRequested: true })
        {
            return next(context);
        }

        if (exclusion.Find(context) is { } urlExclusion)
        {
            if (rules.ExcludeFromMetrics && context.Features.Get<IHttpMetricsTagsFeature>() is { } metrics)
            {
                metrics.MetricsDisabled = true;
            }

            return RunExcludedAsync(context, server, urlExclusion);
        }

        return isMarked || (server is not null && exclusion.IsExcludedUpstream(server))
            ? RunExcludedAsync(context, server, urlExclusion: null)
            : next(context);
    }

    private async Task RunExcludedAsync(HttpContext context, Activity? server, UrlExclusion? urlExclusion)
    {
        if (server is not null)
        {
            excludedRequests.Begin(server);
        }

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
            if (urlExclusion is not null)
            {
                counter.Add(urlExclusion.Pattern, statusCode);
            }
        }
    }
}
