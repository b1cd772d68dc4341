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

        // The application may have routing choose again.
        if (!context.Items.ContainsKey(this))
        {
            var before = new Before(context.Response, endpoint, counter, server, current) { IsMeasured = exclusion.ExcludeFromMetrics(context) };
            context.Items.Add(this, before);
            context.Response.OnCompleted(static before => ((Before)before).CountAsync(), before);
        }

        if (server is not null)
        {
            ExcludedRequests.Mark(server, isByUrl: false);
            excludedRequests.Begin(server, current);
        }
    }

    /// <summary>
    /// Traces a request after all, for which routing has chosen again: an endpoint that isn't excluded. Where the path is rewritten behind routing, the first
    /// choice is one that no request gets to, maybe the fallback.
    /// </summary>
    public void TakeBack(HttpContext context)
    {
        if (ServerActivity.Find(context, Activity.Current) is { } server
            && ExcludedRequests.Contain(server)
            && !ExcludedRequests.IsByUrl(server)
            && context.Items.Remove(this, out var item)
            && item is Before before)
        {
            before.Restore(server);
            if (before.IsMeasured)
            {
                RequestExclusion.IncludeInMetrics(context);
            }

            // The application's own filter, or the caller, may have excluded it before.
            if (!ExcludedRequests.Contain(server))
            {
                excludedRequests.End();
            }
        }
    }

    /// <summary>What a request was before its endpoint excluded it.</summary>
    private sealed class Before
    {
        private readonly HttpResponse _response;
        private readonly Endpoint _endpoint;
        private readonly ExcludedRequestsCounter _counter;
        private readonly string? _displayName;
        private readonly List<(Activity Span, ActivityTraceFlags Flags)> _recorded = new(capacity: 1);
        private bool _isRestored;

        public Before(HttpResponse response, Endpoint endpoint, ExcludedRequestsCounter counter, Activity? server, Activity? current)
        {
            (_response, _endpoint, _counter, _displayName) = (response, endpoint, counter, server?.DisplayName);
            for (var open = current; open is not null && open != server; open = open.Parent)
            {
                Add(open);
            }

            Add(server);
        }

        public bool IsMeasured { get; init; }

        public void Restore(Activity server)
        {
            _isRestored = true;
            server.DisplayName = _displayName!;
            foreach (var (span, flags) in _recorded)
            {
                span.IsAllDataRequested = true;
                span.ActivityTraceFlags = flags;
            }
        }

        public Task CountAsync()
        {
            if (!_isRestored)
            {
                var route = _endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route ?? _endpoint.DisplayName ?? "";
                _counter.Add(route, _response.StatusCode);
            }

            return Task.CompletedTask;
        }

        private void Add(Activity? span)
        {
            if (span is { IsAllDataRequested: true })
            {
                _recorded.Add((span, span.ActivityTraceFlags));
            }
        }
    }
}
