using Microsoft.AspNetCore.Http.Metadata;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>The name of a route, where the metric and the instrumentation look for it: the last one in an endpoint's metadata counts.</summary>
internal sealed record RouteName(string Route) : IRouteDiagnosticsMetadata;
