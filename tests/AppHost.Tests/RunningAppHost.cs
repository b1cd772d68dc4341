using System.Reflection;
using AppHost.WithoutAspire.Otlp;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace AppHost.Tests.Aspire;

/// <summary>src/AppHost, really run, with a receiver for what its services export.</summary>
internal sealed class RunningAppHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly OtlpReceiver _receiver;
    private readonly DistributedApplication _app;

    private RunningAppHost(OtlpReceiver receiver, DistributedApplication app) => (_receiver, _app) = (receiver, app);

    public IReadOnlyList<ReceivedSpan> Spans => _receiver.Telemetry.Spans;

    public IReadOnlyList<ReceivedPoint> Points => _receiver.Telemetry.Points;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<RunningAppHost> StartAsync()
    {
        SkipWithoutOrchestrator();
        var receiver = await OtlpReceiver.StartAsync(Cancellation);
        try
        {
            var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(Cancellation);
            // The receiver in the dashboard's place speaks HTTP alone, and an endpoint for gRPC, which the launch profile names, goes first.
            builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = null;
            builder.Configuration["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = receiver.Endpoint.ToString();
            var app = await builder.BuildAsync(Cancellation);
            var running = new RunningAppHost(receiver, app);
            await app.StartAsync(Cancellation).WaitAsync(Patience, Cancellation);
            return running;
        }
        catch
        {
            await receiver.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a command as the dashboard and the command line do.</summary>
    public async Task<(bool Success, string? Message)> ExecuteAsync(string resource, string command, params (string Name, string Value)[] arguments)
    {
        var inputs = arguments.Select(argument => new InteractionInput { Name = argument.Name, InputType = InputType.Text, Value = argument.Value });
        var result = await _app.Services.GetRequiredService<ResourceCommandService>()
            .ExecuteCommandAsync(GetSnapshot(resource).ResourceId, command, new InteractionInputCollection([.. inputs]), Cancellation)
            .WaitAsync(Patience, Cancellation);
        return (result.Success, result.Message);
    }

    /// <summary>A property of the resource, by its name or by what the dashboard calls it.</summary>
    public object? GetProperty(string resource, string name) =>
        GetSnapshot(resource).Snapshot.Properties.Single(property => property.Name == name || property.DisplayName == name).Value;

    /// <summary>Sends a request to a resource that is healthy, whatever the answer.</summary>
    public async Task RequestAsync(string resource, string path)
    {
        await _app.ResourceNotifications.WaitForResourceHealthyAsync(resource, Cancellation).WaitAsync(Patience, Cancellation);
        using var client = _app.CreateHttpClient(resource);
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
    }

    /// <summary>Sends a request again and again until something is seen in what the services export.</summary>
    public async Task RepeatRequestUntilAsync(string resource, string path, Func<bool> seen)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(Patience);
        while (!seen())
        {
            await RequestAsync(resource, path);
            await Task.Delay(TimeSpan.FromMilliseconds(50), deadline.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    private ResourceEvent GetSnapshot(string resource)
    {
        Assert.True(_app.ResourceNotifications.TryGetCurrentState(resource, out var current));
        return current;
    }

    private static void SkipWithoutOrchestrator()
    {
        var folder = Environment.GetEnvironmentVariable("ASPIRE_DCP_PATH");
        var packaged = typeof(Projects.AppHost).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(metadata => string.Equals(metadata.Key, "dcpclipath", StringComparison.OrdinalIgnoreCase))?.Value;
        Assert.SkipUnless(
            Directory.Exists(folder) || File.Exists(packaged) || File.Exists($"{packaged}.exe"),
            "Aspire's orchestrator, which starts the services, is neither in the package Aspire.Hosting.Orchestration nor where ASPIRE_DCP_PATH says.");
    }
}
