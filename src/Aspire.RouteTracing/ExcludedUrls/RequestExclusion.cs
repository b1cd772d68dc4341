using System.Diagnostics;
using System.Diagnostics.Metrics;
using Aspire.RouteTracing.Instrumentation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Decides at the start of a request whether it is excluded, and counts excluded requests by pattern and status code, so that a failing
/// probe stays visible. A failure is logged once, and the request is traced.
/// </summary>
internal sealed partial class RequestExclusion(
    ActiveRouteTracing tracing,
    AppRequests requests,
    ExclusionSignature signature,
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
    private static readonly object[] StatusCodes = [.. Enumerable.Range(0, 600).Select(code => (object)code)];

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

    /// <summary>Logs the first failure. The request continues.</summary>
    public void LogFailure(Exception exception)
    {
        if (!Interlocked.Exchange(ref _failed, true))
        {
            Log.Failed(logger, exception);
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
    /// Excludes a request whose endpoint the middleware didn't expect: the first one of an endpoint that isn't in the first tables of
    /// routing, or any of an application whose tracer provider is outside of it, which isn't counted.
    /// </summary>
    public ExcludedRequest ExcludeUntracked(HttpContext context, string route)
    {
        var request = Exclude(context, ServerActivity.Find(context), route, isCounted: false);
        if (!requests.HaveNoMiddleware)
        {
            DisableMetrics(context);
            context.Response.OnCompleted(() =>
            {
                Count(route, context.Response.StatusCode);
                request.End();
                return Task.CompletedTask;
            });
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

    /// <summary>Counts an excluded request.</summary>
    public void Count(string excludedBy, int statusCode)
    {
        if (_excludedRequests.Enabled)
        {
            _excludedRequests.Add(
                1,
                new KeyValuePair<string, object?>("aspire.route_tracing.pattern", excludedBy),
                new KeyValuePair<string, object?>(
                    "http.response.status_code", statusCode is >= 0 and < 600 ? StatusCodes[statusCode] : statusCode));
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
