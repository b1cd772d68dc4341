namespace Aspire.RouteTracing;

/// <summary>The response headers that tell the client which trace its request belongs to. Values can be combined.</summary>
[Flags]
public enum ResponsePropagators
{
    /// <summary>No header is written.</summary>
    None = 0,

    /// <summary>Writes <c>traceresponse: 00-{trace id}-{span id}-{flags}</c>, as OpenTelemetry's Python instrumentations do.</summary>
    TraceResponse = 1,

    /// <summary>
    /// Writes <c>Server-Timing: traceparent;desc="00-{trace id}-{span id}-{flags}"</c>, which scripts in a browser can read.
    /// </summary>
    ServerTiming = 2,
}
