using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>The endpoints that were reached under one path base, with the names of their routes put right.</summary>
internal sealed class NamedEndpoints
{
    // MapFallback gives its endpoints this order, which leaves them behind all others.
    private const int FallbackOrder = int.MaxValue;

    // An entry lives as long as its endpoint does: sources such as a reloaded proxy configuration or a compiled page replace theirs.
    private readonly ConditionalWeakTable<Endpoint, NamedEndpoint> _named = [];
    private readonly Func<Endpoint, NamedEndpoint> _name;

    public NamedEndpoints(string pathBase, RouteTemplateFormat format, ExcludedUrls.EndpointExclusion? exclusion = null) => _name = endpoint => new NamedEndpoint(Wrap(Name(endpoint, pathBase, format), exclusion));

    private static Endpoint Wrap(Endpoint e, ExcludedUrls.EndpointExclusion? x) => x is null || e.Metadata.GetMetadata<ExcludeFromTracingAttribute>() is null || e.RequestDelegate is null || e.Metadata.GetMetadata<NamedEndpoints>() is not null ? e : e is RouteEndpoint r ? new RouteEndpoint(x.Wrap(r.RequestDelegate!, e.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route ?? ""), r.RoutePattern, r.Order, new([..r.Metadata, new NamedEndpoints("", default, x)]), r.DisplayName) : new Endpoint(x.Wrap(e.RequestDelegate, ""), new([..e.Metadata, new NamedEndpoints("", default, x)]), e.DisplayName);

    /// <returns>
    /// <paramref name="endpoint"/>, or a copy of it that differs in the name of the route. The metric, which is recorded before the span's
    /// last callbacks run, takes its route from the endpoint and from nowhere else.
    /// </returns>
    public NamedEndpoint Get(Endpoint endpoint) => _named.GetOrAdd(endpoint, _name);

    private static Endpoint Name(Endpoint endpoint, string pathBase, RouteTemplateFormat format)
    {
        // An application and a tracer provider beside it can both trace routes; the first to name one has done it for both.
        var written = endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>();
        if (written is RouteName || RouteTemplate.Of(endpoint, format) is not { } route)
        {
            return endpoint;
        }

        var name = new RouteName(pathBase + route);
        var metadata = new EndpointMetadataCollection([.. endpoint.Metadata, name]);
        return endpoint switch
        {
            RouteEndpoint { Order: FallbackOrder } fallback => NameFallback(fallback, metadata),
            _ when written?.Route == name.Route => endpoint,
            RouteEndpoint matched => new RouteEndpoint(matched.RequestDelegate!, matched.RoutePattern, matched.Order, metadata, matched.DisplayName),
            _ when endpoint.GetType() == typeof(Endpoint) => new Endpoint(endpoint.RequestDelegate, metadata, endpoint.DisplayName),
            _ => endpoint,
        };
    }

    // MapFallbackToFile takes the endpoint off the request so that the static files middleware serves it. When that middleware returns it has
    // made up its mind, though the file may be on its way still, and the endpoint goes back for the metric and the span to find.
    private static RouteEndpoint NameFallback(RouteEndpoint endpoint, EndpointMetadataCollection metadata)
    {
        RouteEndpoint named = null!;
        return named = new RouteEndpoint(Handle, endpoint.RoutePattern, endpoint.Order, metadata, endpoint.DisplayName);

        Task Handle(HttpContext context)
        {
            var response = endpoint.RequestDelegate!(context);
            if (context.GetEndpoint() is null)
            {
                context.SetEndpoint(named);
            }

            return response;
        }
    }
}
