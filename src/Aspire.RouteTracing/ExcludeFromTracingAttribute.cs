namespace Aspire.RouteTracing;

/// <summary>
/// Excludes the requests that execute an endpoint from the traces, with everything that they start from then on, as an excluded URL does.
/// For a controller, an action, a Razor page, a SignalR hub or the handler of a minimal API.
/// </summary>
/// <remarks>
/// The request is excluded when the endpoint executes. A request that something else answers first, such as authorization or a middleware
/// in front of a fallback, is traced. A span that ended before stays. An error page with the attribute doesn't exclude the request that
/// failed. In a batch whose parts run through the pipeline, an excluded endpoint excludes its part.
/// </remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class ExcludeFromTracingAttribute : Attribute;
