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
            var before = new Before(server, current, isMeasured: exclusion.ExcludeFromMetrics(context));
            context.Items.Add(this, before);
            CountAtEnd(context, endpoint, before);
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

    private void CountAtEnd(HttpContext context, Endpoint endpoint, Before before) => context.Response.OnCompleted(() =>
    {
        if (!before.IsRestored)
        {
            var route = endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route ?? endpoint.DisplayName ?? "";
            counter.Add(route, context.Response.StatusCode);
        }

        return Task.CompletedTask;
    });

    /// <summary>What a request was before its endpoint excluded it.</summary>
    private sealed class Before
    {
        private readonly string? _displayName;
        private readonly List<(Activity Span, ActivityTraceFlags Flags)> _recorded = new(capacity: 1);

        public Before(Activity? server, Activity? current, bool isMeasured)
        {
            (_displayName, IsMeasured) = (server?.DisplayName, isMeasured);
            for (var open = current; open is not null && open != server; open = open.Parent)
            {
                Add(open);
            }

            Add(server);
        }

        public bool IsMeasured { get; }

        public bool IsRestored { get; private set; }

        public void Restore(Activity server)
        {
            IsRestored = true;
            server.DisplayName = _displayName!;
            foreach (var (span, flags) in _recorded)
            {
                span.IsAllDataRequested = true;
                span.ActivityTraceFlags = flags;
            }
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
