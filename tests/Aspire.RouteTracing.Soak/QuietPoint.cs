using System.Diagnostics;

namespace Aspire.RouteTracing.Soak;

/// <summary>What the process holds while no request runs.</summary>
/// <param name="At">The number of requests or reloads so far.</param>
/// <param name="HeapBytes">What is left after a full collection.</param>
/// <param name="Threads">The threads of the process.</param>
/// <param name="Handles">Its open handles or file descriptors.</param>
internal sealed record QuietPoint(long At, long HeapBytes, int Threads, int Handles)
{
    private const string FileDescriptors = "/proc/self/fd";

    public static QuietPoint Take(long at)
    {
        // Twice, because finalizers let go of more.
        for (var i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        using var process = Process.GetCurrentProcess();
        return new QuietPoint(
            at,
            GC.GetTotalMemory(forceFullCollection: true),
            process.Threads.Count,
            Directory.Exists(FileDescriptors) ? Directory.GetFileSystemEntries(FileDescriptors).Length : process.HandleCount);
    }

    /// <summary>Returns how many bytes each request or reload has kept: the slope of the line through the points.</summary>
    public static double FindSlope(IReadOnlyCollection<QuietPoint> points)
    {
        var (at, bytes) = (points.Average(point => point.At), points.Average(point => point.HeapBytes));
        return points.Sum(point => (point.At - at) * (point.HeapBytes - bytes)) / points.Sum(point => Math.Pow(point.At - at, 2));
    }
}
