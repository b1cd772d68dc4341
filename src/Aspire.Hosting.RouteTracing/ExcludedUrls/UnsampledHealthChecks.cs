using System.Diagnostics;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.LiveList;
using Microsoft.Extensions.Http;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>
/// Adds an unsampled <c>traceparent</c> to the requests of Aspire's HTTP health checks, so that services with a parent-based sampler don't
/// trace them. See https://www.w3.org/TR/trace-context/#trace-flags
/// </summary>
internal sealed class UnsampledHealthChecks(AppExclusions app) : IHttpMessageHandlerBuilderFilter
{
    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) =>
        client =>
        {
            next(client);

            // The HTTP client of a health check has the check's key as its name.
            var live = app.Live.FirstOrDefault(
                live => live.Resource.Annotations.OfType<HealthCheckAnnotation>().Any(check => check.Key == client.Name));
            if (live is not null && app.ExcludesHealthChecksOf(live.Resource))
            {
                client.AdditionalHandlers.Add(new UnsampledHandler(live, HealthChecks.GetPattern(live.Resource, client.Name!)));
            }
        };

    private sealed class UnsampledHandler(LiveResource live, string? pattern) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!IsRemovedByEdit())
            {
                request.Headers.Remove("traceparent");
                request.Headers.Add("traceparent", $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00");
            }

            return base.SendAsync(request, cancellationToken);
        }

        private bool IsRemovedByEdit() =>
            pattern is not null && live.IsEdited && live.Current.All(url => url.Pattern != pattern);
    }
}
