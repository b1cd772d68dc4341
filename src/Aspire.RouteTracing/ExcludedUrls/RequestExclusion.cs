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
            if (settings.ExcludedUrls.Find(context.Request) is { } item)
            {
                if (item.MarkUsed())
                {
                    Log.FirstExcluded(logger, context.Request.Path, item.Pattern, item.Source);
                }

                return Exclude(context, ServerActivity.Find(context), item.Pattern, isCounted: true);
            }

            return settings.HonoredKeys.Length > 0
                && ServerActivity.Find(context) is { } server
                && signature.IsSigned(server, settings.HonoredKeys)
                ? Exclude(context, server, "caller", isCounted: false)
                : null;
        }
        catch (Exception exception)
        {
            LogFailure(exception);
            return null;
        }
    }

    /// <summary>Adds a request that can still be excluded to the execution context.</summary>
    public ExcludedRequest Track(HttpContext context, Activity? server)
    {
        var request = new ExcludedRequest(context, server, tracing.Loaded);
        ExcludedRequest.Current = request;
        if (requests.AreOfAllApplications)
        {
            context.Response.OnCompleted(
                static request =>
                {
                    ((ExcludedRequest)request).Release();
                    return Task.CompletedTask;
                },
                request);
        }

        return request;
    }

    /// <summary>Excludes a request for a known reason.</summary>
    public ExcludedRequest Exclude(HttpContext context, Activity? server, string by, bool isCounted)
    {
        var request = Track(context, server);
        request.Exclude(by, isCounted);
        return request;
    }

    /// <summary>Excludes a request because a Filter of the application rejects it.</summary>
    public ExcludedRequest ExcludeByFilter(HttpContext context) =>
        Exclude(context, ServerActivity.Find(context), "filter", isCounted: false);

    /// <summary>
    /// Excludes a request because an excluded endpoint executes. The request is counted by its route. <paramref name="tracked"/> is <see
    /// langword="null"/> if the middleware didn't track the request, because no excluded endpoint was known when it started.
    /// </summary>
    public ExcludedRequest ExcludeByEndpoint(HttpContext context, ExcludedRequest? tracked, string route)
    {
        var request = tracked ?? Track(context, ServerActivity.Find(context));
        if (!request.IsCounted)
        {
            request.Exclude(route, isCounted: !requests.AreOfAllApplications);
            if (request.IsCounted)
            {
                DisableMetrics(context, request);
                if (tracked is null)
                {
                    CompleteWithResponse(context, request, failure: null);
                }
            }
        }

        return request;
    }

    /// <summary>Excludes a request from <c>http.server.request.duration</c>, if the settings do so.</summary>
    public static void DisableMetrics(HttpContext context, ExcludedRequest request)
    {
        // Get<T>() takes twice as long.
        if (request.Settings.ExcludeFromMetrics && context.Features[typeof(IHttpMetricsTagsFeature)] is IHttpMetricsTagsFeature metrics)
        {
            metrics.MetricsDisabled = true;
        }
    }

    /// <summary>
    /// Counts an excluded request, and exports its server span if it failed and <see cref="RouteTracingSettings.KeepFailedRequests"/> is
    /// set. Call at the end of the pipeline, with the exception that escapes, if any.
    /// </summary>
    public void Complete(HttpContext context, ExcludedRequest request, Exception? failure)
    {
        try
        {
            if (request.ExcludedBy is null || !(request.IsCounted || request.Settings.KeepFailedRequests))
            {
                request.Release();
                return;
            }

            // RequestAborted is created when it is first read. A probe that succeeds doesn't need it.
            var response = context.Response;
            var hasSucceeded = failure is null && response is { HasStarted: true, StatusCode: < StatusCodes.Status500InternalServerError };
            var isCanceled = !hasSucceeded && context.RequestAborted.IsCancellationRequested;
            if (response.HasStarted || (failure is not null && !isCanceled))
            {
                Report(context, request, failure, StatusCodeOf(response, failure), isCanceled);
            }
            else
            {
                // A callback of the response can still fail, or the client abort the request. Kestrel then changes the status code. It also
                // tells an abort from a timeout of middleware, which can cancel a token of its own.
                CompleteWithResponse(context, request, failure);
            }
        }
        catch (Exception exception)
        {
            request.Release();
            LogFailure(exception);
        }
    }

    private void CompleteWithResponse(HttpContext context, ExcludedRequest request, Exception? failure) =>
        context.Response.OnCompleted(() =>
        {
            var statusCode = context.Response.StatusCode;
            Report(context, request, failure, statusCode, isAborted: statusCode == StatusCodes.Status499ClientClosedRequest);
            return Task.CompletedTask;
        });

    // Listeners of the meter and span processors run here and can throw.
    private void Report(HttpContext context, ExcludedRequest request, Exception? failure, int statusCode, bool isAborted)
    {
        try
        {
            if (request.IsCounted)
            {
                Count(request.ExcludedBy!, statusCode);
            }

            if (request.Settings.KeepFailedRequests && !isAborted)
            {
                failedRequestSpan.Export(context, request, failure, statusCode);
            }
        }
        catch (Exception exception)
        {
            LogFailure(exception);
        }
        finally
        {
            request.Release();
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
    private static int StatusCodeOf(HttpResponse response, Exception? failure) => failure switch
    {
        _ when response.HasStarted => response.StatusCode,
        BadHttpRequestException badRequest => badRequest.StatusCode,
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
