using System.Collections.Concurrent;
using System.Diagnostics;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The last spans of excluded requests, for samplers that ignore the parent. A Redis profiler or a message handler starts its span outside
/// of the request's execution context, with a span of the request as its parent.
/// </summary>
/// <remarks>
/// Spans, not traces, because callers choose the ids of traces. Limited to two generations of <see cref="Capacity"/>. The older one is
/// dropped when the younger one is full.
/// </remarks>
internal static class ExcludedSpans
{
    private const int Capacity = 16_384;

    private static volatile bool _isEnabled;
    private static volatile ConcurrentDictionary<ActivitySpanId, bool> _younger = [];
    private static volatile ConcurrentDictionary<ActivitySpanId, bool> _older = [];
    private static int _count;

    /// <summary>Starts to remember spans. Parent-based samplers don't need it.</summary>
    public static void Enable() => _isEnabled = true;

    public static void Add(ActivitySpanId span)
    {
        if (!_isEnabled || !_younger.TryAdd(span, true) || Interlocked.Increment(ref _count) != Capacity)
        {
            return;
        }

        Volatile.Write(ref _count, 0);
        _older = _younger;
        _younger = [];
    }

    public static bool Contains(ActivitySpanId span) => _younger.ContainsKey(span) || _older.ContainsKey(span);
}
