namespace Aspire.RouteTracing;

/// <summary>
/// Excludes the requests that execute an endpoint, and everything that they start from then on, from the traces. Applies to a controller,
/// an action, a Razor page, a SignalR hub, or the handler of a minimal API.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>A request that never executes the endpoint, for example because the client isn't authorized, is traced.</item>
/// <item>
/// Spans of the request that ended before the endpoint executed are exported, and so are spans that other tasks have open, or that are open
/// when middleware sets <c>Activity.Current</c> to <see langword="null"/>.
/// </item>
/// <item>An error page with the attribute doesn't exclude the request that failed.</item>
/// <item>If the parts of a batch request run through the pipeline, an excluded endpoint excludes its part only.</item>
/// </list>
/// </remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class ExcludeFromTracingAttribute : Attribute;
