using System.Diagnostics;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.LiveList;
using Microsoft.Extensions.Http;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>
/// Adds an unsampled <c>traceparent</c> to the requests of Aspire's HTTP health checks, so that services with a parent-based sampler don't
/// trace them. See https://www.w3.org/TR/trace-context/#trace-flags
/// </summary>
internal sealed class UnsampledHealthChecks(AppExclusions app, DistributedApplicationModel model) : IHttpMessageHandlerBuilderFilter
{
    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) =>
        client =>
        {
            next(client);

            // The HTTP client of a health check has the check's key as its name.
            var resource = model.Resources.FirstOrDefault(
                resource => resource.Annotations.OfType<HealthCheckAnnotation>().Any(check => check.Key == client.Name));
            if (resource is not null && app.ExcludesHealthChecksOf(resource))
            {
                client.AdditionalHandlers.Add(new UnsampledHandler(resource, HealthChecks.GetPattern(resource, client.Name!)));
            }
        };

    private sealed class UnsampledHandler(IResource resource, string? pattern) : DelegatingHandler
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
            pattern is not null
                && resource.TryGetLastAnnotation<LiveResource>(out var live)
                && live.IsEdited
                && live.Current.All(url => url.Pattern != pattern);
    }
}
