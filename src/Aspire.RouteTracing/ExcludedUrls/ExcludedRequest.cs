using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The exclusion of one request. Flows with the execution context, which everything that the request starts inherits. See "The way of a
/// request" in docs/architecture.md.
/// </summary>
/// <remarks>
/// In an application with excluded endpoints, every request has one, because a change of the execution context in the endpoint doesn't flow
/// back to the middleware.
/// </remarks>
internal sealed class ExcludedRequest
{
    private static readonly AsyncLocal<ExcludedRequest?> CurrentRequest = new();

    private HttpContext? _context;

    /// <param name="context">The request.</param>
    /// <param name="server">The request's server activity, if it has one.</param>
    /// <param name="settings">The settings that apply to the request.</param>
    public ExcludedRequest(HttpContext context, Activity? server, CompiledSettings settings)
    {
        (_context, Server, Settings) = (context, server, settings);
        if (settings.KeepFailedRequests)
        {
            Path = context.Request.PathBase + context.Request.Path;
        }
    }

    /// <summary>Gets or sets the request of the current execution context, if it is excluded or can still be.</summary>
    public static ExcludedRequest? Current
    {
        get => CurrentRequest.Value;
        set => CurrentRequest.Value = value;
    }

    /// <summary>Gets the server activity, which isn't recorded if the request is excluded.</summary>
    public Activity? Server { get; }

    /// <summary>Gets the settings that were loaded when the request started, also if route tracing was suspended.</summary>
    public CompiledSettings Settings { get; }

    /// <summary>
    /// Gets the path before middleware rewrites it. Empty without <see cref="RouteTracingSettings.KeepFailedRequests"/>.
    /// </summary>
    public PathString Path { get; }

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
    public bool IsOver => Server is null ? _context is null : Server.IsStopped;

    /// <summary>Gets or sets whether <see cref="FailedRequestSpan"/> is starting a span for the request.</summary>
    public bool IsExportingFailure { get; set; }

    /// <summary>Returns whether <paramref name="context"/> is the context of the request, not of a part of a batch.</summary>
    public bool IsOf(HttpContext context) => ReferenceEquals(_context, context);

    /// <summary>Excludes the request, and stops recording its server activity.</summary>
    public void Exclude(string by, bool isCounted)
    {
        (ExcludedBy, IsCounted) = (by, isCounted);
        if (Server is not null)
        {
            StopRecording(Server);
        }
    }

    /// <summary>Releases the HttpContext, which the server reuses. Call when the request has ended.</summary>
    public void Release() => _context = null;

    /// <summary>Returns how a span that starts relates to excluded requests.</summary>
    /// <param name="trace">The trace of the span.</param>
    /// <param name="parentId">The span id of the parent, if any.</param>
    /// <param name="isParentRemote">
    /// Whether the parent is remote, as for a call from another service, or for the handler of an in-process message.
    /// </param>
    /// <param name="parent">The activity of the parent, if it is known.</param>
    public static SpanOrigin FindOrigin(ActivityTraceId trace, ActivitySpanId parentId, bool isParentRemote, Activity? parent)
    {
        var request = isParentRemote ? null : Current;
        return request is { IsRunning: true } ? SpanOrigin.Running
            : parentId == default ? SpanOrigin.None
            : request?.IsOutlivedBy(trace, parent) == true ? SpanOrigin.Outlived
            : ExcludedSpans.Contains(parentId) ? SpanOrigin.Belated
            : SpanOrigin.None;
    }

    /// <summary>
    /// Stops recording a span: it isn't exported, its context is unsampled, and spans that name it as their parent later are excluded.
    /// </summary>
    public static void StopRecording(Activity activity)
    {
        ExcludedSpans.Add(activity.SpanId);
        activity.IsAllDataRequested = false;
        activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }

    private bool IsOutlivedBy(ActivityTraceId trace, Activity? parent) =>
        ExcludedBy is not null && Server is { IsStopped: true } server
            // A hub call starts a trace of its own. Work that it started can outlive the connection's request.
            && (trace == server.TraceId || parent?.StartTimeUtc < server.StartTimeUtc + server.Duration);
}

/// <summary>How a span relates to excluded requests.</summary>
internal enum SpanOrigin
{
    /// <summary>The span belongs to no excluded request.</summary>
    None,

    /// <summary>The span starts in the execution context of an excluded request that runs.</summary>
    Running,

    /// <summary>The span starts in the execution context of an excluded request that has ended. It is work of its own.</summary>
    Outlived,

    /// <summary>
    /// The span starts outside of the execution context of an excluded request, and names one of its spans as its parent.
    /// </summary>
    Belated,
}
