using System.Diagnostics;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>The telemetry of a request.</summary>
internal sealed record RouteNameOutcome(
    object? Status,
    string Name,
    object? Route,
    object? MetricRoute,
    object? ErrorType,
    object? MetricErrorType,
    bool Exception,
    ActivityStatusCode SpanStatus);
