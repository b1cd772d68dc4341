using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>Finds the activity that is the server span of a request.</summary>
internal static class ServerActivity
{
    /// <summary>The operation name of a server span.</summary>
    public const string OperationName = "Microsoft.AspNetCore.Hosting.HttpRequestIn";

    // Not IHttpActivityFeature first: with another propagator than W3C's, the instrumentation replaces the server's activity, and the
    // feature still has the original, which isn't exported.
    public static Activity? Find(HttpContext context)
    {
        for (var activity = Activity.Current; activity is not null; activity = activity.Parent)
        {
            if (activity.OperationName == OperationName)
            {
                return activity;
            }
        }

        return context.Features.Get<IHttpActivityFeature>()?.Activity;
    }
}
