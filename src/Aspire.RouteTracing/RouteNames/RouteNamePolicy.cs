using System.Runtime.CompilerServices;
using Aspire.RouteTracing.Instrumentation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>
/// Adds named copies of the endpoints to the tables of routing, so that naming costs most requests nothing. See "Why a MatcherPolicy" in
/// docs/architecture.md. <see cref="ApplyAsync"/> names the endpoints that can't be named in advance: under a path base, or if another
/// policy replaces them.
/// </summary>
internal sealed class RouteNamePolicy(
    ActiveRouteTracing tracing,
    RouteNaming routeNaming,
    RoutingTables tables,
    IServiceProvider services) : MatcherPolicy, INodeBuilderPolicy, IEndpointSelectorPolicy
{
    private static readonly object Unnamed = new();

    // Maps each endpoint to its unnamed copy, and each copy to itself, by which IsUnnamed() recognizes the copies.
    private readonly ConditionalWeakTable<Endpoint, Endpoint> _unnamed = [];

    // Lazy, because this object is one of the policies.
    private readonly Lazy<IEndpointSelectorPolicy[]> _selectors = new(
        () => [.. services.GetServices<MatcherPolicy>().OfType<IEndpointSelectorPolicy>()]);

    // The other policies (method, host, content type) have split the endpoints already, so this one adds a single branch at each leaf.
    public override int Order => int.MaxValue;

    bool INodeBuilderPolicy.AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Count > 0;

    bool IEndpointSelectorPolicy.AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) =>
        endpoints.Any(IsUnnamed) || MayBeReplaced(endpoints);

    public IReadOnlyList<PolicyNodeEdge> GetEdges(IReadOnlyList<Endpoint> endpoints)
    {
        tables.Add(endpoints);
        var format = tracing.Current.RouteTemplateFormat;
        return
        [
            new PolicyNodeEdge(
                Unnamed,
                [.. endpoints.Select(endpoint => endpoint is RouteEndpoint ? _unnamed.GetOrAdd(endpoint, CopyUnnamed) : endpoint)]),
            new PolicyNodeEdge(format, [.. endpoints.Select(endpoint => routeNaming.Name(endpoint, format))]),
        ];
    }

    // Routing calls it after GetEdges() of all nodes.
    public PolicyJumpTable BuildJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges)
    {
        var table = tables.Complete();
        return new NameTable(this, table, edges[0].Destination, edges[1].Destination, (RouteTemplateFormat)edges[1].State);
    }

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        var settings = tracing.Current;
        for (var i = 0; settings.Enabled && i < candidates.Count; i++)
        {
            if (!candidates.IsValidCandidate(i))
            {
                continue;
            }

            ref var candidate = ref candidates[i];
            var named = routeNaming.Name(candidate.Endpoint, settings.RouteTemplateFormat, httpContext.Request.PathBase);
            if (!ReferenceEquals(named, candidate.Endpoint))
            {
                candidates.ReplaceEndpoint(i, named, candidate.Values);
            }
        }

        return Task.CompletedTask;
    }

    private bool IsUnnamed(Endpoint endpoint) => _unnamed.TryGetValue(endpoint, out var copy) && ReferenceEquals(endpoint, copy);

    private Endpoint CopyUnnamed(Endpoint endpoint)
    {
        var matched = (RouteEndpoint)endpoint;
        var copy = new RouteEndpoint(matched.RequestDelegate!, matched.RoutePattern, matched.Order, matched.Metadata, matched.DisplayName);
        _unnamed.Add(copy, copy);
        return copy;
    }

    // By a dynamic route of MVC, a Razor Page that isn't compiled yet, or another library.
    private bool MayBeReplaced(IReadOnlyList<Endpoint> endpoints) =>
        _selectors.Value.Any(selector => selector != this && selector.AppliesToEndpoints(endpoints));

    private bool IsNamedInAdvance(HttpContext context, RoutingTables.Table table, RouteTemplateFormat format)
    {
        var (settings, pathBase) = (tracing.Current, context.Request.PathBase);
        if (!settings.Enabled)
        {
            return false;
        }

        ReExecution.RestoreAtEnd(context);
        tables.OnMatching(table, pathBase);
        return settings.RouteTemplateFormat == format && !pathBase.HasValue;
    }

    private sealed class NameTable(
        RouteNamePolicy policy, RoutingTables.Table table, int unnamed, int named, RouteTemplateFormat format) : PolicyJumpTable
    {
        public override int GetDestination(HttpContext httpContext) =>
            policy.IsNamedInAdvance(httpContext, table, format) ? named : unnamed;
    }
}
