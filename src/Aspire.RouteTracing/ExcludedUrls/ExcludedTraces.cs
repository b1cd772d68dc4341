using System.Collections.Concurrent;
using System.Diagnostics;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The traces of the last excluded requests, for samplers that ignore the parent. A Redis profiler or a message handler starts its span
/// outside of the request's execution context, with a span of the request as its parent.
/// </summary>
/// <remarks>Limited to two generations of <see cref="Capacity"/>. The older one is dropped when the younger one is full.</remarks>
internal static class ExcludedTraces
{
    private const int Capacity = 8192;

    private static volatile bool _isEnabled;
    private static volatile ConcurrentDictionary<ActivityTraceId, bool> _younger = [];
    private static volatile ConcurrentDictionary<ActivityTraceId, bool> _older = [];
    private static int _count;

    /// <summary>Starts to remember traces. Parent-based samplers don't need it.</summary>
    public static void Enable() => _isEnabled = true;

    public static void Add(ActivityTraceId trace)
    {
        if (!_isEnabled || !_younger.TryAdd(trace, true) || Interlocked.Increment(ref _count) != Capacity)
        {
            return;
        }

        Volatile.Write(ref _count, 0);
        _older = _younger;
        _younger = [];
    }

    public static bool Contains(ActivityTraceId trace) => _younger.ContainsKey(trace) || _older.ContainsKey(trace);
}
