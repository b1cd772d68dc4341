using System.Collections.Concurrent;
using System.Diagnostics;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The traces of the last excluded requests of the process, for samplers that don't ask the parent. A Redis profiler or a message handler
/// starts its span outside the request's execution context, perhaps after the request, and names an excluded span as its parent.
/// </summary>
/// <remarks>Bounded: two generations of <see cref="Capacity"/>, of which the older one is dropped when the younger one is full.</remarks>
internal static class ExcludedTraces
{
    private const int Capacity = 8192;

    private static volatile bool _isEnabled;
    private static volatile ConcurrentDictionary<ActivityTraceId, bool> _younger = [];
    private static volatile ConcurrentDictionary<ActivityTraceId, bool> _older = [];
    private static int _count;

    /// <summary>
    /// Starts remembering. Called once there is a sampler that needs it; with the others, which ask the parent, nothing is remembered.
    /// </summary>
    public static void Enable() => _isEnabled = true;

    public static void Add(ActivityTraceId trace)
    {
        if (!_isEnabled || !_younger.TryAdd(trace, true) || Interlocked.Increment(ref _count) < Capacity)
        {
            return;
        }

        // Two threads that come here at once drop a generation too many.
        Volatile.Write(ref _count, 0);
        _older = _younger;
        _younger = [];
    }

    public static bool Contains(ActivityTraceId trace) => _younger.ContainsKey(trace) || _older.ContainsKey(trace);
}
