using System.Diagnostics;
using System.Diagnostics.Metrics;
using Aspire.RouteTracing.Instrumentation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Decides at the start of a request whether it is excluded, and counts excluded requests at their end by pattern and status code, so that
/// a failing probe stays visible. A failure is logged once, and the request continues.
/// </summary>
internal sealed partial class RequestExclusion(
    ActiveRouteTracing tracing,
    AppRequests requests,
    ExclusionSignature signature,
    FailedRequestSpan failedRequestSpan,
    IMeterFactory meters,
    SafeLogger<RequestExclusion> logger)
{
    /// <summary>The meter of the counter of excluded requests.</summary>
    public const string MeterName = "Aspire.RouteTracing";

    /// <summary>The reason if the request of the caller is excluded.</summary>
    public const string Caller = "caller";

    /// <summary>The reason if a Filter of the application rejects the request.</summary>
    public const string Filter = "filter";

    // Tags are objects. Boxed once, so that counting doesn't allocate.
    private static readonly object[] BoxedStatusCodes = [.. Enumerable.Range(0, 600).Select(code => (object)code)];

    private readonly Counter<long> _excludedRequests = meters.Create(MeterName).CreateCounter<long>(
        "aspire.route_tracing.excluded_requests",
        unit: "{request}",
        description: "Number of HTTP server requests that were excluded from the traces.");

    private bool _failed;

    /// <summary>Excludes the request if its URL matches or its caller is excluded. Call once per request.</summary>
    /// <returns>The excluded request, or <see langword="null"/> if it is traced.</returns>
    public ExcludedRequest? Decide(HttpContext context)
    {
        try
        {
            var settings = tracing.Current;
            if (!settings.Enabled)
            {
                return null;
            }

            if (settings.ExcludedUrls.Find(context.Request) is { } item)
            {
                if (item.MarkUsed())
                {
                    Log.FirstExcluded(logger, context.Request.Path, item.Pattern, item.Source);
                }

                return Exclude(context, ServerActivity.Find(context), item.Pattern, isCounted: true);
            }

            return settings.HonorUpstreamExclusion && ServerActivity.Find(context) is { } server && signature.IsSigned(server)
                ? Exclude(context, server, Caller, isCounted: false)
                : null;
        }
        catch (Exception exception)
        {
            LogFailure(exception);
            return null;
        }
    }

    /// <summary>Excludes a request for a known reason.</summary>
    public ExcludedRequest Exclude(HttpContext context, Activity? server, string by, bool isCounted)
    {
        var request = Track(context, server);
        request.Exclude(by, isCounted);
        return request;
    }

    /// <summary>
    /// Excludes a request that the middleware doesn't track: the first request to an endpoint that isn't in the first tables of routing, or
    /// any request if the tracer provider is outside of the application. The latter isn't counted.
    /// </summary>
    public ExcludedRequest ExcludeUntracked(HttpContext context, string route)
    {
        var isCounted = !requests.HaveNoMiddleware;
        var request = Exclude(context, ServerActivity.Find(context), route, isCounted);
        if (isCounted)
        {
            DisableMetrics(context);
            EndAtCompletion(context, request, FindKeptPath(context));
        }

        return request;
    }

    /// <summary>Excludes a request from <c>http.server.request.duration</c>, if the settings do so.</summary>
    public void DisableMetrics(HttpContext context)
    {
        // Get<T>() takes twice as long.
        if (tracing.Current.ExcludeFromMetrics && context.Features[typeof(IHttpMetricsTagsFeature)] is IHttpMetricsTagsFeature metrics)
        {
            metrics.MetricsDisabled = true;
        }
    }

    /// <summary>
    /// Returns the path for the span of a request that fails, or <see langword="null"/> if the settings don't keep it. Middleware can
    /// rewrite the path.
    /// </summary>
    public PathString? FindKeptPath(HttpContext context) =>
        tracing.Current.KeepFailedRequests ? context.Request.PathBase + context.Request.Path : default(PathString?);

    /// <summary>Counts the request and exports its server span, if it is excluded. Call at the end of the pipeline.</summary>
    /// <param name="context">The context of the request.</param>
    /// <param name="request">The request.</param>
    /// <param name="keptPath">The result of <see cref="FindKeptPath"/> at the start of the pipeline.</param>
    /// <param name="failure">The exception that escapes, if any.</param>
    public void End(HttpContext context, ExcludedRequest request, PathString? keptPath, Exception? failure)
    {
        try
        {
            if (request.ExcludedBy is null || (!request.IsCounted && keptPath is null))
            {
                request.End();
                return;
            }

            // RequestAborted is created when it is first read. A probe that succeeds doesn't need it.
            var response = context.Response;
            var hasSucceeded = failure is null && response is { HasStarted: true, StatusCode: < StatusCodes.Status500InternalServerError };
            var isAborted = !hasSucceeded && context.RequestAborted.IsCancellationRequested;
            if (failure is null && !isAborted && !response.HasStarted)
            {
                // A callback of the response can still fail, or the client abort the request. Kestrel then changes the status code.
                EndAtCompletion(context, request, keptPath);
            }
            else
            {
                End(context, request, isAborted ? null : keptPath, failure, StatusCodeOf(response, failure, isAborted));
            }
        }
        catch (Exception exception)
        {
            request.End();
            LogFailure(exception);
        }
    }

    /// <summary>Adds a request that can still be excluded to the execution context.</summary>
    public ExcludedRequest Track(HttpContext context, Activity? server)
    {
        var request = new ExcludedRequest(context, server, signature);
        ExcludedRequest.Current = request;
        if (requests.HaveNoMiddleware)
        {
            context.Response.OnCompleted(
                static request =>
                {
                    ((ExcludedRequest)request).End();
                    return Task.CompletedTask;
                },
                request);
        }

        return request;
    }

    private void EndAtCompletion(HttpContext context, ExcludedRequest request, PathString? keptPath) =>
        context.Response.OnCompleted(() =>
        {
            End(context, request, keptPath, failure: null, context.Response.StatusCode);
            return Task.CompletedTask;
        });

    // Calls listeners and processors of the application.
    private void End(HttpContext context, ExcludedRequest request, PathString? keptPath, Exception? failure, int statusCode)
    {
        try
        {
            if (request.IsCounted)
            {
                Count(request.ExcludedBy!, statusCode);
            }

            if (keptPath is { } path)
            {
                failedRequestSpan.Export(context, request, path, failure, statusCode);
            }
        }
        catch (Exception exception)
        {
            LogFailure(exception);
        }
        finally
        {
            request.End();
        }
    }

    private void Count(string excludedBy, int statusCode)
    {
        if (_excludedRequests.Enabled)
        {
            _excludedRequests.Add(
                1,
                new KeyValuePair<string, object?>("aspire.route_tracing.pattern", excludedBy),
                new KeyValuePair<string, object?>(
                    "http.response.status_code", statusCode is >= 0 and < 600 ? BoxedStatusCodes[statusCode] : statusCode));
        }
    }

    // The status code that the server sends.
    private static int StatusCodeOf(HttpResponse response, Exception? failure, bool isAborted) => failure switch
    {
        _ when response.HasStarted => response.StatusCode,
        BadHttpRequestException badRequest => badRequest.StatusCode,
        _ when isAborted => StatusCodes.Status499ClientClosedRequest,
        _ => StatusCodes.Status500InternalServerError,
    };

    private void LogFailure(Exception exception)
    {
        if (!Interlocked.Exchange(ref _failed, true))
        {
            Log.Failed(logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            21,
            LogLevel.Debug,
            "'{Path}' is excluded by '{Pattern}' of {Source}. Further requests that this item excludes are not logged.")]
        public static partial void FirstExcluded(ILogger logger, PathString path, string pattern, string source);

        [LoggerMessage(
            20, LogLevel.Error,
            "Route tracing failed while it examined a request. The request continues. Further failures are not logged.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
