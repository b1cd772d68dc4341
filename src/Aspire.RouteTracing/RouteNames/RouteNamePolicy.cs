using System.Diagnostics;
using Aspire.RouteTracing.Hooks;
using Aspire.RouteTracing.Instrumentation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>
/// Has routing choose among endpoints that bear the right names already, so that most requests need nothing done for it. Routing asks its policies
/// when it builds its tables, and a table of this policy's at the end of each path when it matches a request.
/// </summary>
/// <remarks>
/// What can't be known in advance (a path base, an error page, an endpoint that a selector puts in the place of another), and what wants to
/// be called, is left to <see cref="RouteMatchedObserver"/>. It is subscribed when the first request needs it: with two observers, each of the
/// listener's events costs every request more than the look-up of a name.
/// </remarks>
internal sealed class RouteNamePolicy(
    ActiveRouteTracing tracing,
    RouteNaming routeNaming,
    RequestHooks hooks,
    RouteMatchedObserver routeMatched,
    IServiceProvider services) : MatcherPolicy, INodeBuilderPolicy
{
    private static readonly object Unnamed = new();

    private readonly Lock _subscribing = new();
    private volatile bool _subscribed;

    // After the policies that choose by method, host and content type, which leaves the tables as they are but for their ends.
    public override int Order => int.MaxValue;

    private CompiledSettings Settings => tracing.Current;

    private bool HooksHaveRun => hooks.HaveRun;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Count > 0;

    public IReadOnlyList<PolicyNodeEdge> GetEdges(IReadOnlyList<Endpoint> endpoints)
    {
        var format = tracing.Current.RouteTemplateFormat;
        var named = endpoints.Select(endpoint => routeNaming.Get(endpoint, format)).ToArray();
        if (named.Any(endpoint => endpoint.IsExcluded) || MayBeReplaced(endpoints))
        {
            Subscribe();
        }

        var edge = new PolicyNodeEdge(format, Array.ConvertAll(named, endpoint => endpoint.Endpoint));
        return edge.Endpoints.SequenceEqual(endpoints) ? [edge] : [new PolicyNodeEdge(Unnamed, [.. endpoints]), edge];
    }

    public PolicyJumpTable BuildJumpTable(int exitDestination, IReadOnlyList<PolicyJumpTableEdge> edges)
        => new NameTable(this, edges[0].Destination, edges[^1].Destination, (RouteTemplateFormat)edges[^1].State);

    // A dynamic route of MVC, a Razor Page that isn't compiled yet, and whatever other libraries do. Asked for here, since this is one of the policies.
    private bool MayBeReplaced(IReadOnlyList<Endpoint> endpoints)
        => services.GetServices<MatcherPolicy>().OfType<IEndpointSelectorPolicy>().Any(selector => selector.AppliesToEndpoints(endpoints));

    private void Subscribe()
    {
        if (_subscribed)
        {
            return;
        }

        lock (_subscribing)
        {
            if (!_subscribed)
            {
                routeMatched.Subscribe(services.GetRequiredService<DiagnosticListener>());
                _subscribed = true;
            }
        }
    }

    private sealed class NameTable(RouteNamePolicy policy, int unnamed, int named, RouteTemplateFormat format) : PolicyJumpTable
    {
        public override int GetDestination(HttpContext httpContext)
        {
            var settings = policy.Settings;
            if (!settings.Enabled)
            {
                return unnamed;
            }

            var isNamed = settings.RouteTemplateFormat == format && !httpContext.Request.PathBase.HasValue;
            if (!isNamed || policy.HooksHaveRun || ReExecution.MayBeRunning(httpContext))
            {
                policy.Subscribe();
            }

            return isNamed ? named : unnamed;
        }
    }
}
