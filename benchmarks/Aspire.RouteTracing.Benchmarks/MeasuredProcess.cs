using System.Diagnostics;
using System.Globalization;

namespace Aspire.RouteTracing.Benchmarks;

/// <summary>This program with other arguments, in a process of its own. It answers a line with a line.</summary>
internal sealed class MeasuredProcess : IDisposable
{
    private readonly Process _process;

    public MeasuredProcess(params string[] arguments) =>
        _process = Process.Start(new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["exec", typeof(MeasuredProcess).Assembly.Location, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;

    public void Write(string line) => _process.StandardInput.WriteLine(line);

    /// <exception cref="InvalidOperationException">The process ended.</exception>
    public string Read() =>
        _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The measured process ended; see its error above.");

    /// <summary>Reads a line that has a time and a number of bytes.</summary>
    /// <exception cref="InvalidOperationException">The process ended.</exception>
    public (double Time, double Bytes) ReadMeasurement()
    {
        var numbers = Read().Split(' ');
        return (double.Parse(numbers[0], CultureInfo.InvariantCulture), double.Parse(numbers[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Ends the process, which reads until the end of its input.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
