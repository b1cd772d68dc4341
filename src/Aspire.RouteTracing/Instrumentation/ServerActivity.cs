using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>Finds the activity that is the server span of a request.</summary>
internal static class ServerActivity
{
    private const string OperationName = "Microsoft.AspNetCore.Hosting.HttpRequestIn";

    // Not IHttpActivityFeature first: with a propagator other than W3C's the instrumentation puts an activity of its own in the place of
    // the server's, and the feature goes on to name the one that is not exported.
    public static Activity? Find(HttpContext context, Activity? current)
    {
        for (var activity = current; activity is not null; activity = activity.Parent)
        {
            if (activity.OperationName == OperationName)
            {
                return activity;
            }
        }

        return context.Features.Get<IHttpActivityFeature>()?.Activity;
    }
}
