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
        // Excluded by its URL already, and counted there.
        if (exclusion.Find(context) is not null)
        {
            return;
        }

        exclusion.ExcludeFromMetrics(context);
        if (ServerActivity.Find(context) is { } server)
        {
            // Spans that middleware in front of routing has open belong to the request, too.
            for (var open = Activity.Current; open is not null && open != server; open = open.Parent)
            {
                ExcludedRequests.StopRecording(open);
            }

            excludedRequests.Begin(server);
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
