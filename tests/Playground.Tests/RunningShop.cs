using AppHost.WithoutAspire.Otlp;
using AppHost.WithoutAspire.Services;
using AppHost.WithoutAspire.Traces;

namespace Playground.Tests;

/// <summary>The services as processes, and the receiver that they export to.</summary>
internal sealed class RunningShop : IAsyncDisposable
{
    private readonly OtlpReceiver _receiver;
    private readonly ShopProcesses _processes;
    private readonly HttpClient _client;

    private RunningShop(OtlpReceiver receiver, ShopProcesses processes)
    {
        _receiver = receiver;
        _processes = processes;
        _client = new() { BaseAddress = processes.Storefront };
    }

    public IReadOnlyList<ReceivedSpan> Spans => _receiver.Telemetry.Spans;

    public IReadOnlyList<ReceivedPoint> Points => _receiver.Telemetry.Points;

    public IEnumerable<string> Outlines => Trace.From(Spans).Select(TraceOutline.Of);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<RunningShop> StartAsync(params (string Name, string Value)[] environment)
    {
        var receiver = await OtlpReceiver.StartAsync(Cancellation);
        try
        {
            var overrides = environment.ToDictionary(variable => variable.Name, variable => variable.Value);
            return new(receiver, await ShopProcesses.StartAsync(storefrontPort: 0, receiver.Endpoint, overrides, Cancellation));
        }
        catch
        {
            await receiver.DisposeAsync();
            throw;
        }
    }

    public async Task GetAsync(string path)
    {
        using var response = await _client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        response.EnsureSuccessStatusCode();
    }

    public async Task<IReadOnlyList<ReceivedLog>> WaitForLogsAsync(Func<ReceivedLog, bool> predicate, int count)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            var logs = _receiver.Telemetry.Logs.Where(predicate).ToList();
            if (logs.Count >= count)
            {
                return logs;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), deadline.Token);
        }
    }

    /// <summary>Stops the services, which then send what they hold: afterwards everything is there that will come.</summary>
    public Task StopAsync() => _processes.StopAsync();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _processes.DisposeAsync();
        await _receiver.DisposeAsync();
    }
}
