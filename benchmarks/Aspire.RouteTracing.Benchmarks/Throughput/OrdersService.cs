using System.Diagnostics;

namespace Aspire.RouteTracing.Benchmarks.Throughput;

/// <summary>The playground's orders service as a process, behind Kestrel on a port of its own.</summary>
internal sealed class OrdersService : IDisposable
{
    private const string Listening = "Now listening on: ";

    private readonly Process _process;

    private OrdersService(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    public Uri Address { get; }

    /// <summary>Gets the processor time of the service so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static async Task<OrdersService> StartAsync(params IEnumerable<(string Name, string Value)> environment)
    {
        // Its output folder is next to this program's.
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var assembly = Path.Combine(output.Parent!.Parent!.FullName, "Orders", output.Name, "Orders.dll");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", assembly])
        {
            RedirectStandardOutput = true,
        };

        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("OTEL_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";

        // Nothing reads its output after the line with its address.
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        start.Environment["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Information";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var position)
            {
                return new OrdersService(process, new Uri(line[(position + Listening.Length)..]));
            }
        }

        throw new InvalidOperationException($"{assembly} ended before it listened.");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}
