using System.Diagnostics;
using System.Globalization;

namespace Aspire.RouteTracing.Soak;

/// <summary>The part of the soak under one sampler: requests while lists are reloaded, reloads alone, latencies, and the verdict.</summary>
internal sealed class SamplerRun(Sampler sampler, int requests, Faults faults, TextWriter output)
{
    private const int RequestsPerReload = 400;
    private const int Points = 8;

    // A leak of 8 bytes a request or 1 KB a reload is above, what caches hold for a while is below.
    private const double MaxBytesPerRequest = 4;
    private const double MaxBytesPerReload = 400;
    private const double HeapNoiseBytes = 2_500_000;
    private const double ReloadNoiseBytes = 400_000;

    // The thread pool adds some by itself, and connections open and close.
    private const int MaxNewThreads = 24;
    private const int MaxNewHandles = 24;

    private const int MaxSlow = 6;

    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(50);

    private readonly RequestCase[] _mix = RequestCase.CreateMix();
    private readonly ToggledCases _toggled = new();
    private readonly RequestCase[] _fileExcluded = [InFile("first", isExcluded: true), InFile("second", isExcluded: true)];
    private readonly RequestCase[] _fileTraced = [InFile("first", isExcluded: false), InFile("second", isExcluded: false)];
    private readonly Stopwatch _time = Stopwatch.StartNew();

    public async Task RunAsync()
    {
        var list = new ReloadedList();
        using var file = new ListFile(_fileExcluded[0].Pattern!);
        var ledger = new Ledger(sampler, faults);
        await using var services = await ServicePair.StartAsync(sampler, list, file, ledger);

        var latencyRequests = requests / 6;
        var segment = (requests - latencyRequests) / (Points + 1);
        await SendMixAsync(services, list, ledger, segment);
        await ReloadAsync(list, 200);
        var start = QuietPoint.Take(ledger.Requests);

        var points = new List<QuietPoint>();
        for (var i = 0; i < Points; i++)
        {
            await SendMixAsync(services, list, ledger, segment);
            points.Add(QuietPoint.Take(ledger.Requests));
        }

        await ReplaceFileAsync(services, file, ledger);
        await CompareLatenciesAsync(services, ledger, latencyRequests);
        await ReloadAndMeasureAsync(list, Math.Clamp(requests / 200, 200, 3_000));
        CheckHandles(start, QuietPoint.Take(ledger.Requests));
        CheckGrowth("request", points, Math.Max(MaxBytesPerRequest, HeapNoiseBytes / (Points * segment)));

        await services.StopAsync();
        ledger.CompareMetrics();
        Say($"{ledger.Requests} requests compared, {list.Version} reloads");
    }

    private static RequestCase InFile(string side, bool isExcluded) =>
        new("GET", $"/file/{side}/#", "/file/{side}/{id}", isExcluded ? $"^/file/{side}/" : null);

    private async Task SendMixAsync(ServicePair services, ReloadedList list, Ledger ledger, int count)
    {
        using var reloading = new SemaphoreSlim(1);
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(async () =>
        {
            while (!faults.AreMany && Interlocked.Increment(ref next) is var number && number <= count)
            {
                await SendAsync(services, ledger, _mix[number % _mix.Length]);
                if (number % RequestsPerReload == 0)
                {
                    await reloading.WaitAsync();
                    await ReloadAndCheckAsync(services, list, ledger);
                    reloading.Release();
                }
            }
        })));
    }

    // While the other workers send requests.
    private async Task ReloadAndCheckAsync(ServicePair services, ReloadedList list, Ledger ledger)
    {
        list.Reload();
        foreach (var toggled in _toggled.Of(list.Version))
        {
            await SendAsync(services, ledger, toggled);
        }
    }

    private static async Task SendAsync(ServicePair services, Ledger ledger, RequestCase soakCase)
    {
        var request = ledger.Open(soakCase);
        await services.Storefront.SendAsync(request);
        await ledger.CloseAsync(request);
    }

    private async Task ReplaceFileAsync(ServicePair services, ListFile file, Ledger ledger)
    {
        foreach (var (excluded, traced) in new[] { (1, 0), (0, 1) })
        {
            if (!await file.ReplaceAsync(_fileExcluded[excluded].Pattern!, services.RouteTracing))
            {
                faults.Add($"{sampler.Name}: file: expected {_fileExcluded[excluded].Pattern} in force, came nothing", file.FilePath);
                return;
            }

            await SendAsync(services, ledger, _fileExcluded[excluded]);
            await SendAsync(services, ledger, _fileTraced[traced]);
        }
    }

    // Each worker sends to the service that it has spent less time in, so that a busy machine delays both alike.
    private async Task CompareLatenciesAsync(ServicePair services, Ledger ledger, int count)
    {
        RequestCase[] cases = [.. _mix.Where(soakCase => soakCase is { Work: Work.None or Work.NewRoot, Route: not null })];
        var next = 0;
        var (slow, plainSlow) = (0, 0);
        var (longest, plainLongest) = (TimeSpan.Zero, TimeSpan.Zero);
        var adding = new Lock();
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(async () =>
        {
            var (time, plainTime) = (TimeSpan.Zero, TimeSpan.Zero);
            while (!faults.AreMany && Volatile.Read(ref next) < count)
            {
                if (plainTime < time)
                {
                    var plain = new SoakRequest(cases[Random.Shared.Next(cases.Length)], 0, 0);
                    var took = await MeasureAsync(services.PlainStorefront, plain);
                    plainTime += took;
                    Add(took, ref plainSlow, ref plainLongest);
                }
                else
                {
                    var request = ledger.Open(cases[Interlocked.Increment(ref next) % cases.Length]);
                    var took = await MeasureAsync(services.Storefront, request);
                    await ledger.CloseAsync(request);
                    time += took;
                    Add(took, ref slow, ref longest);
                }
            }
        })));

        Say($"slower than {Slow.TotalMilliseconds} ms: {slow} of {count}, without telemetry {plainSlow} in the same time; "
            + $"longest {longest.TotalMilliseconds:0} and {plainLongest.TotalMilliseconds:0} ms");
        var margin = Math.Max(MaxSlow, 4 * Math.Sqrt(slow + plainSlow));
        if (slow - plainSlow > margin)
        {
            faults.Add(
                $"{sampler.Name}: latency: expected as few requests slower than {Slow.TotalMilliseconds} ms as without telemetry, came more",
                string.Create(CultureInfo.InvariantCulture, $"{slow} of {count}, without telemetry {plainSlow} in the same time"));
        }

        void Add(TimeSpan took, ref int slowOnes, ref TimeSpan longestOne)
        {
            if (took > Slow)
            {
                lock (adding)
                {
                    slowOnes++;
                    longestOne = took > longestOne ? took : longestOne;
                }
            }
        }
    }

    private static async Task<TimeSpan> MeasureAsync(InProcessServer server, SoakRequest request)
    {
        var start = Stopwatch.GetTimestamp();
        await server.SendAsync(request);
        return Stopwatch.GetElapsedTime(start);
    }

    private static Task ReloadAsync(ReloadedList list, int count)
    {
        for (var i = 0; i < count; i++)
        {
            list.Reload();
        }

        return Task.CompletedTask;
    }

    private async Task ReloadAndMeasureAsync(ReloadedList list, int count)
    {
        var points = new List<QuietPoint> { QuietPoint.Take(0) };
        for (var i = 1; i <= 4; i++)
        {
            await ReloadAsync(list, count / 4);
            points.Add(QuietPoint.Take(i * (count / 4)));
        }

        CheckGrowth("reload", points, Math.Max(MaxBytesPerReload, ReloadNoiseBytes / count));
    }

    private void CheckGrowth(string what, IReadOnlyList<QuietPoint> points, double max)
    {
        var slope = QuietPoint.FindSlope(points);
        var heap = string.Join(", ", points.Select(point => (point.HeapBytes / 1024).ToString(CultureInfo.InvariantCulture)));
        Say(string.Create(CultureInfo.InvariantCulture, $"{slope:0.00} bytes kept by each {what}, at most {max:0.0}; heap {heap} KB"));
        if (slope > max)
        {
            faults.Add(
                string.Create(CultureInfo.InvariantCulture, $"{sampler.Name}: heap: expected at most {max:0.0} bytes kept by each {what}, came more"),
                string.Create(CultureInfo.InvariantCulture, $"{slope:0.0} bytes between {points[0].At} and {points[^1].At}"));
        }
    }

    private void CheckHandles(QuietPoint start, QuietPoint end)
    {
        Say($"threads {start.Threads} and {end.Threads}, handles {start.Handles} and {end.Handles}");
        if (end.Threads > start.Threads + MaxNewThreads)
        {
            faults.Add($"{sampler.Name}: threads: expected at most {MaxNewThreads} more, came more", $"{start.Threads}, then {end.Threads}");
        }

        if (end.Handles > start.Handles + MaxNewHandles)
        {
            faults.Add($"{sampler.Name}: handles: expected at most {MaxNewHandles} more, came more", $"{start.Handles}, then {end.Handles}");
        }
    }

    private void Say(string line) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_time.Elapsed.TotalSeconds,5:0} s, {sampler.Name}: {line}."));
}
