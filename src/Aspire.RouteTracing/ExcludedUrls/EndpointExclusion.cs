using Aspire.RouteTracing.Instrumentation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Excludes a request whose endpoint says so (<see cref="ExcludeFromTracingAttribute"/>), once routing has found that out.</summary>
internal sealed class EndpointExclusion(AppRequests requests, RequestExclusion exclusion, ExcludedRequests excludedRequests, ExcludedRequestsCounter counter)
{
    public void Exclude(HttpContext context, Endpoint endpoint)
    {
        // Excluded by its URL already, and counted there.
        if (excludedRequests.IsRunning)
        {
            return;
        }

        // The metrics are the application's, not those of a tracer provider beside it.
        if (requests.HasPipeline && exclusion.Rules.ExcludeFromMetrics && context.Features.Get<IHttpMetricsTagsFeature>() is { } metrics)
        {
            metrics.MetricsDisabled = true;
        }

        if (ServerActivity.Find(context) is { } server)
        {
            excludedRequests.Begin(server);
            RequestExclusion.MarkExcluded(server);
        }

        var route = endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route ?? endpoint.DisplayName ?? "";
        context.Response.OnCompleted(() =>
        {
            counter.Add(route, context.Response.StatusCode);
            return Task.CompletedTask;
        });
    }
}
