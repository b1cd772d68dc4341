using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Decides about one request. A failure here is logged once, and the request is traced.</summary>
internal sealed partial class RequestExclusion(ActiveRouteTracing tracing, ExclusionSignature signature, ILogger<RequestExclusion> logger)
{
    // What is shared about a request without an allocation is the activity. Nobody sees the name of one that isn't recorded.
    private const string Excluded = "excluded";

    [ThreadStatic]
    private static FilteredRequest? _filtered;

    private int _failed;

    public ExclusionRules Rules => tracing.Rules;

    /// <summary>
    /// Notes on <paramref name="server"/> that its request is excluded, so that nobody has to find it out again, or finds something else because the
    /// settings changed in between.
    /// </summary>
    public static void MarkExcluded(Activity server) => server.DisplayName = Excluded;

    public static bool IsMarkedExcluded(Activity server) => ReferenceEquals(server.DisplayName, Excluded);

    /// <summary>Keeps what the instrumentation's Filter has found out for the middleware, which the server calls next, on the same thread.</summary>
    public void HandOver(Activity server, UrlExclusion? urlExclusion)
    {
        var filtered = _filtered ??= new FilteredRequest();
        filtered.Exclusion = this;
        filtered.Server = server;
        filtered.ExcludedBy = urlExclusion;
    }

    /// <summary>What excludes a request that is marked. Finds it out anew if it was not this thread, or not this application, that marked it.</summary>
    public UrlExclusion? TakeOver(Activity server, HttpContext context)
    {
        if (_filtered is not { } filtered || !ReferenceEquals(filtered.Server, server) || !ReferenceEquals(filtered.Exclusion, this))
        {
            return Find(context);
        }

        filtered.Server = null;
        return filtered.ExcludedBy;
    }

    public UrlExclusion? Find(HttpContext context)
    {
        try
        {
            return Rules.Find(context.Request);
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
        => server is { HasRemoteParent: true } && Rules.HonorUpstreamExclusion && signature.IsSigned(server);

    private static partial class Log
    {
        [LoggerMessage(20, LogLevel.Error, "Whether a request is excluded could not be decided; it is traced. Further failures are not logged.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }

    private sealed class FilteredRequest
    {
        public RequestExclusion? Exclusion { get; set; }

        public Activity? Server { get; set; }

        public UrlExclusion? ExcludedBy { get; set; }
    }
}
