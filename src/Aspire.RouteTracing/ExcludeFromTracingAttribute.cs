namespace Aspire.RouteTracing;

/// <summary>
/// Leaves the requests that reach an endpoint out of the traces, with everything that they start from then on, as an excluded URL does. On a
/// controller, an action, a Razor page, a SignalR hub or a minimal API's handler.
/// </summary>
/// <remarks>
/// It decides when routing has chosen the endpoint: a span that ended before stays. Where routing chooses again, as it does for a path that is rewritten
/// behind it, the last choice decides. An error page that has the attribute does not take the request that failed with it.
/// </remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class ExcludeFromTracingAttribute : Attribute;
