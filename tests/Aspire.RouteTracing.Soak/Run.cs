using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Soak;

/// <summary>One run: a tenth of the requests to warm up, the others, then the verdict.</summary>
internal sealed class Run(int requests, TextWriter output)
{
    public const int FewestRequests = 1_000;

    private const long Megabyte = 1024 * 1024;
    private const long HeapTolerance = 8 * Megabyte;
    private const long WorkingSetTolerance = 256 * Megabyte;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);

    private readonly Stopwatch _time = Stopwatch.StartNew();

    public async Task<IReadOnlyList<string>> RunAsync()
    {
        using var ledger = new Ledger(requests);
        using var file = new ListFile();
        var list = new ListInMemory();
        await using var app = await SoakedApp.StartAsync(list, file, ledger);
        using var clients = new Clients(new Uri(app.Urls.Single()), ledger);
        using var ending = new CancellationTokenSource();

        var changes = Task.WhenAll(
            list.ChangeAsync(ending.Token),
            Task.Run(() => file.ChangeAsync(app.Services.GetRequiredService<IRouteTracing>(), ending.Token)));
        var progress = ShowAsync(clients, list, file, ending.Token);

        await clients.SendAsync(..(requests / 10));
        var (heap, workingSet) = Measure();
        await clients.SendAsync((requests / 10)..requests);
        var (heapAtEnd, workingSetAtEnd) = Measure();

        await ending.CancelAsync();
        await Task.WhenAll(changes, progress);
        await app.StopAsync();

        Show(clients, list, file);
        await output.WriteLineAsync($"Heap: {heap / 1024} KB after the warm-up, {heapAtEnd / 1024} KB at the end. Working set: {workingSet / Megabyte} MB, {workingSetAtEnd / Megabyte} MB.");
        return
        [
            .. ledger.FindFaults(),
            .. heapAtEnd > heap + HeapTolerance ? ["The heap has grown."] : Array.Empty<string>(),
            .. workingSetAtEnd > workingSet + WorkingSetTolerance ? ["The working set has grown."] : Array.Empty<string>(),
            .. list.Reloads == 0 || file.VersionsSeen == 0 ? ["The lists were not reloaded."] : Array.Empty<string>(),
        ];
    }

    private static (long Heap, long WorkingSet) Measure()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return (GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet);
    }

    private async Task ShowAsync(Clients clients, ListInMemory list, ListFile file, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(ProgressInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                Show(clients, list, file);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private void Show(Clients clients, ListInMemory list, ListFile file)
    {
        var seconds = _time.Elapsed.TotalSeconds;
        output.WriteLine(
            $"{seconds,5:0} s: {clients.Sent} of {requests} requests ({clients.Sent / seconds:0}/s), {list.Reloads} lists from memory ({list.Reloads / seconds:0}/s), " +
            $"{file.VersionsSeen} from the file, heap {GC.GetTotalMemory(forceFullCollection: false) / Megabyte} MB");
    }
}
