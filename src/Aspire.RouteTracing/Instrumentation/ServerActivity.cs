using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>Finds the activity that is the server span of a request.</summary>
internal static class ServerActivity
{
    /// <summary>The source of ASP.NET Core's server spans.</summary>
    public const string SourceName = "Microsoft.AspNetCore";

    /// <summary>The name that a server span starts with.</summary>
    public const string OperationName = "Microsoft.AspNetCore.Hosting.HttpRequestIn";

    // Not IHttpActivityFeature first: with a propagator other than W3C's, the instrumentation replaces the server's activity by one of its
    // own, and the feature still has the one that is not exported.
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
