namespace Aspire.RouteTracing;

/// <summary>Specifies the response headers that tell the client which trace its request belongs to. Values can be combined.</summary>
[Flags]
public enum ResponsePropagators
{
    /// <summary>Writes no header.</summary>
    None = 0,

    /// <summary>Writes <c>traceresponse: 00-{trace id}-{span id}-{flags}</c>, as OpenTelemetry for Python does.</summary>
    TraceResponse = 1,

    /// <summary>
    /// Adds <c>Server-Timing: traceparent;desc="00-{trace id}-{span id}-{flags}"</c>, which scripts in a browser can read.
    /// </summary>
    ServerTiming = 2,
}
