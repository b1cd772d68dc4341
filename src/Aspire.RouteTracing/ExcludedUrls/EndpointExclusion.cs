using System.Diagnostics;
using Aspire.RouteTracing.Instrumentation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Excludes a request whose endpoint says so (<see cref="ExcludeFromTracingAttribute"/>), once routing has found that out.</summary>
internal sealed class EndpointExclusion(RequestExclusion exclusion, ExcludedRequests excludedRequests, ExcludedRequestsCounter counter)
{
    public void Exclude(HttpContext context, Endpoint endpoint)
    {
        // By its URL already, and counted there. Where nobody has an activity made, only the URL can tell.
        var current = Activity.Current;
        var server = ServerActivity.Find(context, current);
        if (server is null ? exclusion.Find(context) is not null : ExcludedRequests.IsByUrl(server))
        {
            return;
        }

        exclusion.ExcludeFromMetrics(context);
        if (server is not null)
        {
            ExcludedRequests.Mark(server, isByUrl: false);
            excludedRequests.Begin(server, current);
        }

        // The application may have routing choose again.
        if (!context.Items.TryAdd(this, null))
        {
            return;
        }

        var route = endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route ?? endpoint.DisplayName ?? "";
        context.Response.OnCompleted(() =>
        {
            counter.Add(route, context.Response.StatusCode);
            return Task.CompletedTask;
        });
    }
}
