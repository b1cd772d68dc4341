using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AppHost.WithoutAspire;
using AppHost.WithoutAspire.Services;

namespace Playground.Tests;

public class ShutdownTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>
    /// OpenTelemetry gives up on the exporters of traces, metrics and logs within 5 s each, with route tracing as without it. Only a service that does
    /// not end is found out here.
    /// </summary>
    [Fact]
    public async Task A_collector_that_never_answers_does_not_keep_a_service_from_ending()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A signal is sent as on Linux.");
        await Task.WhenAll(EndsAsync("grpc"), EndsAsync("http/protobuf"));
    }

    private static async Task EndsAsync(string protocol)
    {
        using var folder = new ExclusionsFolder();
        using var collector = new TcpListener(IPAddress.Loopback, 0);
        collector.Start();
        var port = LoopbackPorts.Find(0, 1)[0];
        var environment = ServiceEnvironment.For(Shop.Catalog, new Dictionary<string, int> { ["catalog"] = port }, new($"http://{collector.LocalEndpoint}"), "key");
        environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol;
        environment["Aspire__RouteTracing__ExclusionsFile"] = folder.FilePath;

        await using var catalog = ServiceProcess.Start(Shop.Catalog, port, environment);
        await catalog.WaitUntilItListensAsync(Cancellation);
        using var client = new HttpClient { BaseAddress = new(ServiceEnvironment.Address(port)) };
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("api/products/tea-cup", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("readyz", Cancellation)).StatusCode);
        using var stuck = await collector.AcceptTcpClientAsync(Cancellation);

        using var process = Process.GetProcessById(catalog.Id);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(Deadline);
        using (var shell = Process.Start("sh", ["-c", $"kill -TERM {catalog.Id}"]))
        {
            await shell.WaitForExitAsync(Cancellation);
        }

        await process.WaitForExitAsync(deadline.Token);
        Assert.Contains("exit code 0", Assert.Throws<PlaygroundException>(catalog.ThrowIfEnded).Message, StringComparison.Ordinal);
    }

    /// <summary>With a list in force that the service looks at four times a second.</summary>
    private sealed class ExclusionsFolder : IDisposable
    {
        private readonly string _path = Directory.CreateTempSubdirectory("exclusions").FullName;

        public ExclusionsFolder() => File.WriteAllText(FilePath, "^/readyz$\n");

        public string FilePath => Path.Combine(_path, "excluded-urls.txt");

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }
}
