using System.Diagnostics;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The last spans of excluded requests, by which a span is found to belong to an excluded request although it starts outside of its
/// execution context. A Redis profiler and a message handler start such spans.
/// </summary>
/// <remarks>
/// A table of fixed size, so that nothing is allocated or locked. For a span without a parent, it has the trace, which covers the children.
/// For any other span, it has the id of the span, because a caller chooses the trace and sends other requests in it. The newest <see
/// cref="Ways"/> entries of each row are kept. Because rows fill unevenly, about the last 16,000 of all are kept. A race between two
/// threads can lose one.
/// </remarks>
internal static class ExcludedSpans
{
    private const int Rows = 4096;
    private const int Ways = 8;

    // Others know the ids of the calls that an excluded request sent to them.
    private const int MaxRemoteMinutes = 1;

    // The lowest bits of an id select its row, so an entry doesn't store them. In their place, it has the minute in which the span started.
    private const ulong MinuteMask = Rows - 1;

    private static readonly ulong[] Entries = new ulong[Rows * Ways];

    /// <summary>
    /// Stops recording a span: it isn't exported, its context is unsampled, and spans that name it as their parent later are excluded.
    /// </summary>
    public static void StopRecording(Activity activity)
    {
        Add(KeyOf(activity), activity.StartTimeUtc);
        activity.IsAllDataRequested = false;
        activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }

    /// <summary>Adds the trace of a span without a parent that isn't created.</summary>
    public static void AddTrace(ActivityTraceId trace) => Add(Read(trace), DateTime.UtcNow);

    /// <summary>Returns whether the table contains a span.</summary>
    public static bool Contains(Activity activity) => Contains(KeyOf(activity));

    /// <summary>Returns the origin of a span that is about to start below an unrecorded parent, or without a parent.</summary>
    /// <param name="parent">
    /// The parent, which is remote for a call from another service and for the handler of an in-process message.
    /// </param>
    /// <param name="ambient">The parent, if it is the current activity.</param>
    public static SpanOrigin FindOrigin(in ActivityContext parent, Activity? ambient) =>
        FindOrigin(parent.TraceId, parent.SpanId, parent.IsRemote, ambient, startTime: default);

    /// <summary>Returns the origin of a span that has started.</summary>
    public static SpanOrigin FindOrigin(Activity span)
    {
        var origin = FindOrigin(span.TraceId, span.ParentSpanId, span.HasRemoteParent, span.Parent, span.StartTimeUtc);

        // The execution context of a profiler's thread can be that of another request.
        return origin is SpanOrigin.Running or SpanOrigin.Belated && HasRecordedParent(span) ? SpanOrigin.None : origin;
    }

    /// <summary>
    /// Returns whether the parent of a span is recorded. A parent in another service or execution context has no activity; its flags are
    /// the last two digits of <see cref="Activity.ParentId"/>, and an odd number is a recorded parent. An id in another format has no
    /// flags.
    /// </summary>
    public static bool HasRecordedParent(Activity span) =>
        span.Parent is { } parent
            ? parent.Recorded
            : span.ParentSpanId != default && span.ParentId is [.., var flags] && "13579bdf".Contains(flags);

    private static SpanOrigin FindOrigin(
        ActivityTraceId trace, ActivitySpanId parentId, bool isParentRemote, Activity? ambient, DateTime startTime)
    {
        if (isParentRemote)
        {
            return Contains(trace, parentId, MaxRemoteMinutes) ? SpanOrigin.Belated : SpanOrigin.None;
        }

        var request = ExcludedRequest.Current;
        if (request is { IsRunning: true })
        {
            return SpanOrigin.Running;
        }

        if (parentId == default)
        {
            return SpanOrigin.None;
        }

        if (request?.IsOutlivedBy(trace, parentId, ambient, startTime) == true)
        {
            return SpanOrigin.Outlived;
        }

        return Contains(trace, parentId) ? SpanOrigin.Belated : SpanOrigin.None;
    }

    private static ulong KeyOf(Activity activity) =>
        activity.ParentSpanId == default ? Read(activity.TraceId) : Read(activity.SpanId);

    private static void Add(ulong key, DateTime startTime)
    {
        var row = RowOf(key);
        row[..^1].CopyTo(row[1..]);
        row[0] = (key & ~MinuteMask) | (MinuteOf(startTime) & MinuteMask);
    }

    // The trace also finds parents that no sampler and no processor has seen.
    private static bool Contains(ActivityTraceId trace, ActivitySpanId span, int maxMinutes = int.MaxValue) =>
        Contains(Read(span), maxMinutes) || Contains(Read(trace), maxMinutes);

    private static bool Contains(ulong key, int maxMinutes = int.MaxValue)
    {
        foreach (var entry in RowOf(key))
        {
            if ((entry & ~MinuteMask) == (key & ~MinuteMask))
            {
                return key != 0 && AgeOf(entry) <= maxMinutes;
            }
        }

        return false;
    }

    // In minutes, and -1 if the clock was set back.
    private static int AgeOf(ulong entry) => (int)((MinuteOf(DateTime.UtcNow) + 1 - entry) & MinuteMask) - 1;

    private static Span<ulong> RowOf(ulong key) => Entries.AsSpan((int)(key % Rows) * Ways, Ways);

    private static ulong MinuteOf(DateTime time) => (ulong)(time.Ticks / TimeSpan.TicksPerMinute);

    private static ulong Read(ActivitySpanId span) => Read(span.ToHexString());

    // The last bytes are random in every format of a trace id.
    private static ulong Read(ActivityTraceId trace) => Read(trace.ToHexString());

    // CopyTo() reads digit by digit, and takes several times as long for random digits.
    private static ulong Read(ReadOnlySpan<char> hex)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Convert.FromHexString(hex[^(2 * sizeof(ulong))..], bytes, out _, out _);
        return BitConverter.ToUInt64(bytes);
    }
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
    /// The span starts outside of the execution context of an excluded request, or afterwards with an earlier start time, and names one of
    /// its spans as its parent.
    /// </summary>
    Belated,
}
