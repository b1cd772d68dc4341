using Garnet;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>A Redis server in this process.</summary>
internal sealed class RedisServer : IDisposable
{
    private readonly GarnetServer _server;

    public RedisServer()
    {
        _server = new GarnetServer(["--port", $"{Port}", "--bind", "127.0.0.1", "--memory", "64m", "--index", "16m", "-q"]);
        _server.Start();
    }

    public int Port { get; } = FreePort.Find();

    public void Dispose() => _server.Dispose();
}
