using AppHost.WithoutAspire.Otlp;
using AppHost.WithoutAspire.Services;
using AppHost.WithoutAspire.Traces;
using Spectre.Console;

namespace AppHost.WithoutAspire;

/// <summary>Runs the shop, sends it traffic and shows the traces that come of it.</summary>
internal sealed class Playground(IAnsiConsole console, int port)
{
    private const string OtlpEndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly TimeSpan RoundInterval = TimeSpan.FromSeconds(10);

    // Twice the interval in which the services export (ServiceEnvironment).
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    /// <summary>One round of traffic.</summary>
    /// <returns>The exit code: 0 where the traces are the expected ones, or go elsewhere.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        await using var receiver = await StartReceiverAsync(cancellation);
        await using var shop = await StartShopAsync(receiver, cancellation);
        using var traffic = new SampleTraffic(shop.Storefront);
        await traffic.SendRoundAsync(cancellation);
        await shop.StopAsync();
        if (receiver is null)
        {
            return 0;
        }

        var traces = Trace.From(receiver.Telemetry.Spans);
        Show(traces);
        console.Write(ExcludedRequests.Table(receiver.Telemetry.Points));
        if (ExpectedTraces.OfOneRound.DifferenceTo(traces) is not { } difference)
        {
            console.MarkupLineInterpolated($"[green]The {traces.Count} traces are the expected ones.[/]");
            return 0;
        }

        console.Write(new Text(difference, Color.Red));
        return 1;
    }

    /// <summary>A round of traffic every ten seconds, until <paramref name="cancellation"/>.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var receiver = await StartReceiverAsync(cancellation);
        await using var shop = await StartShopAsync(receiver, cancellation);
        console.WriteLine("Ctrl+C stops it.");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] both = [SendAsync(shop, stop.Token), receiver is null ? Task.CompletedTask : ShowAsync(receiver.Telemetry, stop.Token)];
        try
        {
            // One that fails is not kept waiting for the other.
            await foreach (var ended in Task.WhenEach(both))
            {
                await ended;
            }
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    private static async Task SendAsync(ShopProcesses shop, CancellationToken cancellation)
    {
        using var traffic = new SampleTraffic(shop.Storefront);
        using var rounds = new PeriodicTimer(RoundInterval);
        do
        {
            shop.ThrowIfAnyEnded();
            await traffic.SendRoundAsync(cancellation);
        }
        while (await rounds.WaitForNextTickAsync(cancellation));
    }

    private async Task ShowAsync(Telemetry telemetry, CancellationToken cancellation)
    {
        var settled = new SettledTraces(telemetry);
        using var looks = new PeriodicTimer(LookInterval);
        while (await looks.WaitForNextTickAsync(cancellation))
        {
            if (settled.Take() is { Count: > 0 } traces)
            {
                Show(traces);
                console.Write(ExcludedRequests.Table(telemetry.Points));
            }
        }
    }

    private async Task<OtlpReceiver?> StartReceiverAsync(CancellationToken cancellation)
    {
        if (Environment.GetEnvironmentVariable(OtlpEndpointVariable) is not { Length: > 0 } endpoint)
        {
            return await OtlpReceiver.StartAsync(cancellation);
        }

        console.MarkupLineInterpolated($"The telemetry goes to {endpoint} ({OtlpEndpointVariable}), and none is shown here.");
        return null;
    }

    private async Task<ShopProcesses> StartShopAsync(OtlpReceiver? receiver, CancellationToken cancellation)
    {
        var shop = await ShopProcesses.StartAsync(port, receiver?.Endpoint, new Dictionary<string, string>(), cancellation);
        foreach (var service in shop.All)
        {
            console.MarkupLineInterpolated($"{service.Name} listens on {ServiceEnvironment.Address(service.Port)} (process {service.Id})");
        }

        return shop;
    }

    private void Show(IEnumerable<Trace> traces)
    {
        foreach (var trace in traces)
        {
            console.Write(TraceTree.Of(trace));
            console.WriteLine();
        }
    }
}
