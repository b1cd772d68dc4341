using System.Diagnostics;
using Aspire.RouteTracing.Instrumentation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Decides about one request. A failure here is logged once, and the request is traced.</summary>
internal sealed partial class RequestExclusion(
    ActiveRouteTracing tracing,
    AppRequests requests,
    ExclusionSignature signature,
    ILogger<RequestExclusion> logger)
{
    private int _failed;

    public UrlExclusion? Find(HttpContext context)
    {
        try
        {
            return tracing.Current.ExcludedUrls.Find(context.Request);
        }
        catch (Exception exception)
        {
            if (Interlocked.Exchange(ref _failed, 1) == 0)
            {
                Log.Failed(logger, exception);
            }

            return null;
        }
    }

    /// <summary>Whether the caller was answering an excluded request itself.</summary>
    public bool IsExcludedUpstream(Activity? server)
        => server is { HasRemoteParent: true } && tracing.Current.HonorUpstreamExclusion && signature.IsSigned(server);

    /// <summary>Keeps a request that this application excludes out of its metrics, if the settings say so.</summary>
    /// <returns>Whether it would have been in them.</returns>
    public bool ExcludeFromMetrics(HttpContext context)
    {
        // The metrics are the application's, not those of a tracer provider beside it.
        if (requests.HasPipeline && tracing.Current.ExcludeFromMetrics && MetricsOf(context) is { MetricsDisabled: false } metrics)
        {
            metrics.MetricsDisabled = true;
            return true;
        }

        return false;
    }

    /// <summary>Takes that back.</summary>
    public static void IncludeInMetrics(HttpContext context) => MetricsOf(context)?.MetricsDisabled = false;

    // Get<T>, which is generic and virtual, takes twice as long.
    private static IHttpMetricsTagsFeature? MetricsOf(HttpContext context) => context.Features[typeof(IHttpMetricsTagsFeature)] as IHttpMetricsTagsFeature;

    private static partial class Log
    {
        [LoggerMessage(20, LogLevel.Error, "Whether a request is excluded could not be decided; it is traced. Further failures are not logged.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
