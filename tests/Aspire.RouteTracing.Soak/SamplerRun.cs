using System.Diagnostics;
using System.Globalization;

namespace Aspire.RouteTracing.Soak;

/// <summary>The part of the soak under one sampler: requests while lists are reloaded, latencies, reloads alone, and the verdict.</summary>
internal sealed class SamplerRun(Sampler sampler, int requests, Faults faults, TextWriter output)
{
    private const int MaxRequestsPerReload = 400;
    private const int HeapPoints = 8;

    // A leak of 8 bytes a request or of 1 KB a reload is above. The noise, of remembered traces above all, is far below.
    private const double MaxBytesPerRequest = 4;
    private const double MaxBytesPerReload = 400;
    private const double MaxHeapNoise = 2_500_000;
    private const double MaxReloadNoise = 400_000;

    // The thread pool and the connections between the services add some.
    private const int MaxNewThreads = 16;
    private const int MaxNewHandles = 16;

    private const int MaxMoreSlow = 6;

    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(50);

    private readonly RequestCase[] _mix = RequestCase.CreateMix();
    private readonly ReloadedList _list = new();
    private readonly Ledger _ledger = new(sampler, faults);
    private readonly Stopwatch _time = Stopwatch.StartNew();

    public async Task RunAsync()
    {
        using var file = new ListFile("^/toggle/first/");
        await using var services = await ServicePair.StartAsync(sampler, _list, file, _ledger);
        var latencyRequests = requests / 4;
        var segment = (requests - latencyRequests) / (HeapPoints + 1);

        // What the services keep once, they keep after every case has run.
        await SendMixAsync(services, Math.Max(segment, 2 * _mix.Length));
        _list.Reload(times: 200);
        var (threads, handles) = CountThreadsAndHandles();
        var heap = new List<(long At, long Bytes)>();
        for (var i = 0; i < HeapPoints; i++)
        {
            await SendMixAsync(services, segment);
            heap.Add((_ledger.Requests, MeasureHeap()));
        }

        CheckHeap("request", heap, Math.Max(MaxBytesPerRequest, MaxHeapNoise / (HeapPoints * segment)));
        await ReplaceFileAsync(services, file);
        await CompareLatenciesAsync(services, latencyRequests);
        CheckReloads(Math.Clamp(requests / 200, 400, 3_000));
        CheckThreadsAndHandles(threads, handles);
        await services.StopAsync();
        _ledger.CompareMetrics();
        Say($"{_ledger.Requests} requests and {_list.Version} reloads");
    }

    private static Task RunWorkersAsync(Func<Task> work) =>
        Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(work)));

    private static long MeasureHeap()
    {
        // Twice, because finalizers let go of more.
        for (var i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static (int Threads, int Handles) CountThreadsAndHandles()
    {
        const string FileDescriptors = "/proc/self/fd";
        using var process = Process.GetCurrentProcess();
        var handles = Directory.Exists(FileDescriptors) ? Directory.GetFileSystemEntries(FileDescriptors).Length : process.HandleCount;
        return (process.Threads.Count, handles);
    }

    private async Task SendMixAsync(ServicePair services, int count)
    {
        using var reloading = new SemaphoreSlim(1);
        var requestsPerReload = Math.Min(MaxRequestsPerReload, count / 4);
        var sent = 0;
        await RunWorkersAsync(async () =>
        {
            while (!faults.AreMany && Interlocked.Increment(ref sent) is var number && number <= count)
            {
                await SendAsync(services, _mix[number % _mix.Length]);
                if (number % requestsPerReload == 0)
                {
                    await reloading.WaitAsync();
                    try
                    {
                        _list.Reload();
                        await SendAsync(services, [.. _list.Cases]);
                    }
                    finally
                    {
                        reloading.Release();
                    }
                }
            }
        });
    }

    private async Task SendAsync(ServicePair services, params RequestCase[] cases)
    {
        foreach (var requestCase in cases)
        {
            var request = _ledger.Open(requestCase);
            await services.Storefront.SendAsync(request);
            await _ledger.CloseAsync(request);
        }
    }

    private async Task ReplaceFileAsync(ServicePair services, ListFile file)
    {
        foreach (var side in new[] { "second", "first" })
        {
            var pattern = $"^/toggle/{side}/";
            if (!await file.ReplaceAsync(pattern, services.RouteTracing))
            {
                faults.Add($"{sampler.Name}: expected {pattern} of the file, got nothing", file.FilePath);
                return;
            }

            await SendAsync(services, RequestCase.CreateToggled(side, isCaptured: _list.Version % 2 == 1, "first", "second"));
        }
    }

    // Each worker sends to the storefront that it has spent less time in, so that other load delays both alike.
    private async Task CompareLatenciesAsync(ServicePair services, int count)
    {
        RequestCase[] cases = [.. _mix.Where(requestCase => requestCase.Work is Work.None or Work.NewRoot)];
        var (sent, slow, plainSlow) = (0, 0, 0);
        await RunWorkersAsync(async () =>
        {
            var (time, plainTime) = (TimeSpan.Zero, TimeSpan.Zero);
            while (!faults.AreMany && Volatile.Read(ref sent) < count)
            {
                var requestCase = cases[Interlocked.Increment(ref sent) % cases.Length];
                var request = _ledger.Open(requestCase);
                time += await MeasureAsync(services.Storefront, request, () => Interlocked.Increment(ref slow));
                await _ledger.CloseAsync(request);
                while (plainTime < time)
                {
                    var plain = new SoakRequest(requestCase, number: 0, expectedSpans: 0);
                    plainTime += await MeasureAsync(services.PlainStorefront, plain, () => Interlocked.Increment(ref plainSlow));
                }
            }
        });

        var found = $"{slow} of {count} requests took over {Slow.TotalMilliseconds} ms, {plainSlow} without telemetry in the same time";
        Say(found);
        if (slow - plainSlow > Math.Max(MaxMoreSlow, 4 * Math.Sqrt(slow + plainSlow)))
        {
            faults.Add($"{sampler.Name}: expected as few slow requests as without telemetry, got more", found);
        }
    }

    private static async Task<TimeSpan> MeasureAsync(InProcessServer server, SoakRequest request, Action onSlow)
    {
        var start = Stopwatch.GetTimestamp();
        await server.SendAsync(request);
        var time = Stopwatch.GetElapsedTime(start);
        if (time > Slow)
        {
            onSlow();
        }

        return time;
    }

    private void CheckReloads(int count)
    {
        var heap = new List<(long At, long Bytes)> { (0, MeasureHeap()) };
        for (var i = 1; i <= 4; i++)
        {
            _list.Reload(times: count / 4);
            heap.Add((i * (count / 4), MeasureHeap()));
        }

        CheckHeap("reload", heap, Math.Max(MaxBytesPerReload, MaxReloadNoise / count));
    }

    // The slope of the line through the points is what each request or reload has kept.
    private void CheckHeap(string what, List<(long At, long Bytes)> heap, double max)
    {
        var (at, bytes) = (heap.Average(point => point.At), heap.Average(point => point.Bytes));
        var slope = heap.Sum(point => (point.At - at) * (point.Bytes - bytes)) / heap.Sum(point => Math.Pow(point.At - at, 2));
        var found = string.Create(
            CultureInfo.InvariantCulture,
            $"{slope:0.00} bytes kept by each {what}, heap {string.Join(", ", heap.Select(point => point.Bytes / 1024))} KB");
        Say(found);
        if (slope > max)
        {
            var expected = string.Create(CultureInfo.InvariantCulture, $"expected at most {max:0.0} bytes kept by each {what}, got more");
            faults.Add($"{sampler.Name}: {expected}", found);
        }
    }

    private void CheckThreadsAndHandles(int threads, int handles)
    {
        var (threadsNow, handlesNow) = CountThreadsAndHandles();
        var found = $"{threads} threads, then {threadsNow}; {handles} handles, then {handlesNow}";
        Say(found);
        if (threadsNow > threads + MaxNewThreads || handlesNow > handles + MaxNewHandles)
        {
            faults.Add($"{sampler.Name}: expected at most {MaxNewThreads} more threads and {MaxNewHandles} more handles, got more", found);
        }
    }

    private void Say(string line) => output.WriteLine($"{_time.Elapsed.TotalSeconds,4:0} s, {sampler.Name}: {line}.");
}
