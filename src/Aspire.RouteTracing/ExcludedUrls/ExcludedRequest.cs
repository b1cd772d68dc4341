using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The exclusion of one request. Created where the decision is made and carried by the execution context, which everything that the request
/// starts inherits. The sampler, the middleware, the counter, the response propagation and the hooks read it.
/// </summary>
/// <remarks>
/// An application with excluded endpoints gets one for every request, because an endpoint excludes its request deep in the pipeline, where
/// a change of the execution context doesn't reach the middleware outside.
/// </remarks>
internal sealed class ExcludedRequest
{
    private static readonly AsyncLocal<ExcludedRequest?> CurrentRequest = new();

    private readonly ExclusionSignature _signature;
    private HttpContext? _context;

    /// <param name="context">The request.</param>
    /// <param name="server">The request's server activity, if it has one.</param>
    /// <param name="signature">Signs the calls of the request for other services.</param>
    public ExcludedRequest(HttpContext context, Activity? server, ExclusionSignature signature) =>
        (_context, Server, _signature) = (context, server, signature);

    /// <summary>
    /// Gets or sets the request that the running code belongs to, if it is or may yet be excluded. Flows with the execution context.
    /// </summary>
    public static ExcludedRequest? Current
    {
        get => CurrentRequest.Value;
        set => CurrentRequest.Value = value;
    }

    /// <summary>Gets the server activity. It is never recorded once the request is excluded.</summary>
    public Activity? Server { get; }

    /// <summary>
    /// Gets why the request is excluded: the pattern, the route of the endpoint, <c>caller</c> or <c>filter</c>. <see langword="null"/>
    /// while it isn't.
    /// </summary>
    public string? ExcludedBy { get; private set; }

    /// <summary>Gets whether this application's list or endpoint excludes the request, which is counted and leaves the metrics.</summary>
    public bool IsOwn { get; private set; }

    /// <summary>Gets whether the request is excluded and runs. Work that goes on after it is work of its own.</summary>
    public bool IsRunning => ExcludedBy is not null && !IsOver;

    /// <summary>Gets whether the request has ended.</summary>
    public bool IsOver => Server?.IsStopped ?? _context is null;

    /// <summary>Gets or sets whether a server span is being started for the request, which failed, although it is excluded.</summary>
    public bool IsExportingFailure { get; set; }

    /// <summary>
    /// Returns whether this is the request of <paramref name="context"/>, and not one that it runs within, as the parts of a batch do.
    /// </summary>
    public bool IsOf(HttpContext context) => ReferenceEquals(_context, context);

    /// <summary>Returns whether a span of code that belongs to the request started before the request ended.</summary>
    public bool HasStarted(Activity span) =>
        Server is { IsStopped: true } server && span.StartTimeUtc < server.StartTimeUtc + server.Duration;

    /// <summary>
    /// Excludes the request. Stops recording its server activity, and the spans between it and <see cref="Activity.Current"/>, which the
    /// application has open.
    /// </summary>
    public void Exclude(string by, bool isOwn)
    {
        (ExcludedBy, IsOwn) = (by, isOwn);
        for (var open = Activity.Current; open is not null && open != Server; open = open.Parent)
        {
            StopRecording(open);
        }

        if (Server is not null)
        {
            StopRecording(Server);
            ExcludedTraces.Add(Server.TraceId);
        }
    }

    /// <summary>Tells the service that receives the context of <paramref name="span"/> that it is part of an excluded request.</summary>
    public void Sign(Activity span) => _signature.Sign(span);

    /// <summary>Lets go of the HttpContext, which servers use again for another request. Call at the end of the pipeline.</summary>
    public void End() => _context = null;

    /// <summary>Keeps a span from being exported, and its context unsampled.</summary>
    public static void StopRecording(Activity activity)
    {
        activity.IsAllDataRequested = false;
        activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
