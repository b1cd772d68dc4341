using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace AppHost.WithoutAspire.Services;

/// <summary>A service that runs as a process of its own.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private const int KeptLines = 20;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;
    private readonly Queue<string> _lastLines = new(KeptLines);

    private ServiceProcess(string name, int port, Process process)
    {
        Name = name;
        Port = port;
        _process = process;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
    }

    public string Name { get; }

    public int Port { get; }

    public int Id => _process.Id;

    public static ServiceProcess Start(Service service, int port, IReadOnlyDictionary<string, string> environment)
    {
        var assembly = AssemblyPath(service);
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", assembly])
        {
            WorkingDirectory = Path.GetDirectoryName(assembly),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var self = typeof(StopWithParent).Assembly;
        start.Environment["DOTNET_STARTUP_HOOKS"] = self.Location;
        start.Environment["ASPNETCORE_HOSTINGSTARTUPASSEMBLIES"] = self.GetName().Name;

        var process = new ServiceProcess(service.Name, port, new() { StartInfo = start });
        process._process.Start();
        process._process.BeginOutputReadLine();
        process._process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Returns when the service listens. It is asked by connecting only: a request would be one more to trace or to count.</summary>
    public async Task WaitUntilItListensAsync(CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await ListensAsync(cancellation))
        {
            ThrowIfEnded();
            if (Stopwatch.GetElapsedTime(started) > StartTimeout)
            {
                throw new PlaygroundException($"{Name} does not listen on port {Port} after {StartTimeout.TotalSeconds} s.{LastLines()}");
            }

            await Task.Delay(PollInterval, cancellation);
        }
    }

    /// <exception cref="PlaygroundException">The service has ended.</exception>
    public void ThrowIfEnded()
    {
        if (_process.HasExited)
        {
            throw new PlaygroundException($"{Name} (port {Port}) ended with exit code {_process.ExitCode}.{LastLines()}");
        }
    }

    /// <summary>Lets the service shut down in order and send what it holds; kills it if that takes too long.</summary>
    public async Task StopAsync()
    {
        _process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(StopTimeout);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
    }

    private static string AssemblyPath(Service service)
    {
        var key = $"ServiceAssembly.{service.Assembly}";
        return typeof(ServiceProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == key).Value!;
    }

    private async Task<bool> ListensAsync(CancellationToken cancellation)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, Port, cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lastLines)
        {
            if (_lastLines.Count == KeptLines)
            {
                _lastLines.Dequeue();
            }

            _lastLines.Enqueue(line);
        }
    }

    private string LastLines()
    {
        lock (_lastLines)
        {
            return _lastLines.Count == 0 ? "" : $" Its last lines:\n{string.Join('\n', _lastLines)}";
        }
    }
}
