using System.Diagnostics;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Knows whether the code that runs now belongs to an excluded request, and keeps every span started there from being exported.
/// </summary>
/// <remarks>
/// <para>
/// Clearing the recorded flag of the server's activity, as the instrumentation's Filter does, quietens its children only under a sampler that
/// asks the parent. Under always_on, which Aspire sets in Development, they would be exported as orphans (https://github.com/microsoft/aspire/issues/8878).
/// OpenTelemetry's SuppressInstrumentationScope would quieten them, but takes every log record of the request with it.
/// </para>
/// <para>
/// So an AsyncLocal marks the request, and a listener to the activity sources of the process takes back what any sampler granted: spans
/// of sources that only another tracer provider listens to, spans that were forced to be new roots, and SignalR's hub calls, which are.
/// </para>
/// </remarks>
internal sealed class ExcludedRequests : IDisposable
{
    // A server span is a request of its own, about which Filter, middleware and sampler decide. Listening to its source would cost every request.
    private const string Servers = "Microsoft.AspNetCore";

    // Says it to whoever has the activity in another execution context. Nobody exports the name of an activity that isn't recorded. An object of its own: a
    // literal would be the same as an application's literal.
    private static readonly string Excluded = new("excluded");
    private static readonly string ExcludedByUrl = new("excluded");

    // The mark is the server's own activity, not an object of its own: it costs nothing, and it tells by itself when the request is over,
    // so that a loop the request happened to start, and which keeps its execution context, isn't silenced for ever.
    private readonly AsyncLocal<Activity?> _server = new();
    private readonly ExclusionSignature _signature;
    private readonly ActivityListener _listener;

    public ExcludedRequests(ExclusionSignature signature)
    {
        _signature = signature;
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name != Servers,
            Sample = Sample,
            SampleUsingParentId = static (ref _) => ActivitySamplingResult.None,
            ActivityStarted = OnActivityStarted,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public bool IsRunning => RunningServer is not null;

    private Activity? RunningServer => _server.Value is { IsStopped: false } server ? server : null;

    /// <summary>Whether the request that <paramref name="server"/> stands for is marked.</summary>
    public static bool Contain(Activity server) => ReferenceEquals(server.DisplayName, Excluded) || IsByUrl(server);

    /// <summary>Whether that request was excluded by its URL as it came in, which is counted; the application may rewrite the URL.</summary>
    public static bool IsByUrl(Activity server) => ReferenceEquals(server.DisplayName, ExcludedByUrl);

    /// <summary>Keeps the span of an excluded request from being exported, and marks it.</summary>
    public static void Mark(Activity? server, bool isByUrl)
    {
        if (server is not null)
        {
            StopRecording(server);
            server.DisplayName = isByUrl ? ExcludedByUrl : Excluded;
        }
    }

    /// <summary>
    /// Marks the execution context of the caller, too, and whatever flows from it. Spans that the application has open already, of which
    /// <paramref name="current"/> is the innermost, belong to the request as well.
    /// </summary>
    public void Begin(Activity server, Activity? current)
    {
        for (var open = current; open is not null && open != server; open = open.Parent)
        {
            StopRecording(open);
        }

        _server.Value = server;
    }

    /// <summary>Takes the mark off the execution context of the caller.</summary>
    public void End() => _server.Value = null;

    public void Dispose() => _listener.Dispose();

    // Keeps a span from being exported.
    private static void StopRecording(Activity activity)
    {
        activity.IsAllDataRequested = false;
        activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }

    // Asked before an activity starts, also one that nobody will record: the last moment before an outgoing call reads the server's trace
    // state, and the first at which it's known that there may be one. Most probes answer without a call and are spared the signature.
    private ActivitySamplingResult Sample(ref ActivityCreationOptions<ActivityContext> options)
    {
        if (RunningServer is { } server)
        {
            _signature.Sign(server);
        }

        return ActivitySamplingResult.None;
    }

    private void OnActivityStarted(Activity activity)
    {
        if (RunningServer is not null || IsWithinMarked(activity))
        {
            StopRecording(activity);
            _signature.Sign(activity);
        }
    }

    // The endpoint may have excluded the request further in, where an async middleware between keeps the mark of the execution context.
    private static bool IsWithinMarked(Activity activity)
    {
        for (var parent = activity.Parent; parent is not null; parent = parent.Parent)
        {
            if (Contain(parent) && !parent.IsStopped)
            {
                return true;
            }
        }

        return false;
    }
}
