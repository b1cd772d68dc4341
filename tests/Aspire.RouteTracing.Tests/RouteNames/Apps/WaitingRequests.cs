namespace Aspire.RouteTracing.Tests.RouteNames.Apps;

/// <summary>Released once for each request that waits until its client disconnects.</summary>
internal sealed class WaitingRequests() : SemaphoreSlim(0);
