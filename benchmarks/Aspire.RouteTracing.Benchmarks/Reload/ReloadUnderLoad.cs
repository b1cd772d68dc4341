using System.Diagnostics;

namespace Aspire.RouteTracing.Benchmarks.Reload;

/// <summary>Requests while a list of 1,000 patterns is compiled and put in force, over and over, by another thread.</summary>
internal static class ReloadUnderLoad
{
    private const int Patterns = 1000;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    public static ReloadResult Measure()
    {
        using var app = MeasuredApp.RouteTracing();

        // Both lists exclude /health, one with its first item and one with its last: a request that saw a part of a list would be traced.
        var others = ExclusionLists.Mixed.Create(Patterns - 1);
        string[] lists = [string.Join(',', ["^/health$", .. others]), string.Join(',', [.. others, "^/health$"])];
        app.Reload(lists[0]);

        Send(app, () => false);
        var undisturbed = Send(app, () => false);

        var stop = false;
        var reloads = 0;
        var reloadTime = TimeSpan.Zero;
        var reloading = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                var started = Stopwatch.GetTimestamp();
                app.Reload(lists[++reloads % 2]);
                reloadTime += Stopwatch.GetElapsedTime(started);
            }
        });
        var contentions = Monitor.LockContentionCount;
        reloading.Start();
        var disturbed = Send(app, () => Volatile.Read(ref reloads) < 3);
        Volatile.Write(ref stop, true);
        reloading.Join();

        return new ReloadResult(
            undisturbed,
            disturbed,
            Reloads: reloads,
            ReloadTime: reloadTime / reloads,
            LockContentions: Monitor.LockContentionCount - contentions);
    }

    // Alternates between a path that every list excludes and one that none does.
    private static LoadResult Send(MeasuredApp app, Func<bool> goOn)
    {
        var latencies = new List<TimeSpan>(10_000_000);
        var wrong = 0;
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < Duration || goOn())
        {
            var spans = app.RecordedSpans;
            var sent = Stopwatch.GetTimestamp();
            app.Server.Send("/health");
            latencies.Add(Stopwatch.GetElapsedTime(sent));
            wrong += app.RecordedSpans == spans ? 0 : 1;

            spans = app.RecordedSpans;
            app.Server.Send("/orders/1");
            wrong += app.RecordedSpans == spans + 1 ? 0 : 1;
        }

        latencies.Sort();
        return new LoadResult(
            Requests: 2 * latencies.Count,
            Median: latencies[latencies.Count / 2],
            Percentile999: latencies[(int)(latencies.Count * 0.999)],
            Wrong: wrong);
    }
}

/// <param name="Undisturbed">Without reloads.</param>
/// <param name="Disturbed">With reloads one after the other.</param>
/// <param name="Reloads">How many there were.</param>
/// <param name="ReloadTime">How long one took.</param>
/// <param name="LockContentions">How often any thread had to wait for a lock meanwhile.</param>
internal sealed record ReloadResult(LoadResult Undisturbed, LoadResult Disturbed, int Reloads, TimeSpan ReloadTime, long LockContentions);

/// <param name="Requests">How many there were.</param>
/// <param name="Median">The median time of an excluded one.</param>
/// <param name="Percentile999">The time that one in a thousand of those exceeds.</param>
/// <param name="Wrong">How many were traced though every list excludes them, or not traced though none does.</param>
internal sealed record LoadResult(int Requests, TimeSpan Median, TimeSpan Percentile999, int Wrong);
