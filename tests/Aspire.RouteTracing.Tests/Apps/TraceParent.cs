namespace Aspire.RouteTracing.Tests.Apps;

/// <summary>The <c>traceparent</c> header of a caller.</summary>
internal static class TraceParent
{
    public const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    public const string SpanId = "b7ad6b7169203331";
    public const string Sampled = $"00-{TraceId}-{SpanId}-01";
    public const string Unsampled = $"00-{TraceId}-{SpanId}-00";
}
