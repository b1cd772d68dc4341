using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The exclusion of one request. Flows with the execution context, which everything that the request starts inherits. See "The way of a
/// request" in docs/architecture.md.
/// </summary>
/// <remarks>
/// In an application with excluded endpoints, every request has one, because a change of the execution context in the endpoint doesn't flow
/// back to the middleware.
/// </remarks>
internal sealed class ExcludedRequest(HttpContext context, Activity? server, CompiledSettings settings)
{
    private static readonly AsyncLocal<ExcludedRequest?> CurrentRequest = new();

    // Identify the request. A context that wraps its context has them, too.
    private IFeatureCollection? _features = context.Features;

    /// <summary>Gets or sets the request of the current execution context, if it is excluded or can still be.</summary>
    public static ExcludedRequest? Current
    {
        get => CurrentRequest.Value;
        set => CurrentRequest.Value = value;
    }

    /// <summary>Gets the server activity, which isn't recorded if the request is excluded.</summary>
    public Activity? Server { get; } = server;

    /// <summary>Gets the settings that were loaded when the request started, also if route tracing was suspended.</summary>
    public CompiledSettings Settings { get; } = settings;

    /// <summary>
    /// Gets what middleware can change, as it was received. <see langword="null"/> without <see
    /// cref="RouteTracingSettings.KeepFailedRequests"/>.
    /// </summary>
    public FailedRequestSpan.Received? Received { get; } = settings.KeepFailedRequests ? new(context.Request) : null;

    /// <summary>
    /// Gets why the request is excluded: the pattern, the route of the endpoint, <c>caller</c> or <c>filter</c>. <see langword="null"/> if
    /// it isn't excluded.
    /// </summary>
    public string? ExcludedBy { get; private set; }

    /// <summary>Gets whether the request is counted and its metric turned off, because a URL or an endpoint excludes it.</summary>
    public bool IsCounted { get; private set; }

    /// <summary>Gets whether the request is excluded and hasn't ended. Work that outlives the request is traced.</summary>
    public bool IsRunning => ExcludedBy is not null && !IsOver;

    /// <summary>Gets whether the server activity has stopped. Without one, whether the request was released.</summary>
    public bool IsOver => Server is null ? _features is null : Server.IsStopped;

    /// <summary>Returns whether <paramref name="context"/> is the context of the request, or wraps it. A part of a batch doesn't.</summary>
    public bool IsOf(HttpContext context) => _features == context.Features;

    /// <summary>Excludes the request, and stops recording its server activity.</summary>
    public void Exclude(string by, bool isCounted)
    {
        (ExcludedBy, IsCounted) = (by, isCounted);
        if (Server is not null)
        {
            ExcludedSpans.StopRecording(Server);
        }
    }

    /// <summary>Releases the features, which the server reuses. Call when the request has ended.</summary>
    public void Release() => _features = null;

    /// <summary>
    /// Returns whether a span that starts in the execution context of the request is work of its own, which outlives the request.
    /// </summary>
    /// <param name="trace">The trace of the span.</param>
    /// <param name="parentId">The span id of the parent.</param>
    /// <param name="ambient">The parent, if it is the current activity.</param>
    /// <param name="startTime">The start of the span, or the default value if it isn't known yet.</param>
    public bool IsOutlivedBy(ActivityTraceId trace, ActivitySpanId parentId, Activity? ambient, DateTime startTime)
    {
        if (ExcludedBy is null || Server is not { IsStopped: true } server)
        {
            return false;
        }

        // A profiler's thread that the request started has its execution context, too. Its spans start in the past.
        var end = server.StartTimeUtc + server.Duration;
        var isLater = startTime == default || startTime >= end;

        // Below the current activity, a span is work of its own if that activity has the request's trace, or started while the request ran,
        // as a hub call does. Below another parent, it is work of its own only if that parent is the request itself.
        return isLater && (ambient is null ? parentId == server.SpanId : trace == server.TraceId || ambient.StartTimeUtc < end);
    }
}
