using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Decides about one request. A failure here is logged once, and the request is traced.</summary>
internal sealed partial class RequestExclusion(ActiveRouteTracing tracing, ExclusionSignature signature, ILogger<RequestExclusion> logger)
{
    // The instrumentation's Filter and the middleware see the request one after the other and share nothing that could be written to without an
    // allocation, except the activity. Nobody sees the name of an activity that isn't recorded.
    private const string Excluded = "excluded";

    private int _failed;

    public ExclusionRules Rules => tracing.Rules;

    /// <summary>
    /// Notes on <paramref name="server"/> that its request is excluded, so that nobody has to find it out again, or finds something else because the
    /// settings changed in between.
    /// </summary>
    public static void MarkExcluded(Activity server) => server.DisplayName = Excluded;

    public static bool IsMarkedExcluded(Activity server) => ReferenceEquals(server.DisplayName, Excluded);

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
    public bool IsExcludedUpstream(Activity server)
        => server.HasRemoteParent && Rules.HonorUpstreamExclusion && signature.IsSigned(server);

    private static partial class Log
    {
        [LoggerMessage(20, LogLevel.Error, "Whether a request is excluded could not be decided; it is traced. Further failures are not logged.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
