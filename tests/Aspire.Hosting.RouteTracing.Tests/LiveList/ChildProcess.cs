using System.Diagnostics;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

/// <summary>A process that runs until it is ended: <c>sort</c>, which every system has, waits for the end of its input.</summary>
internal sealed class ChildProcess : IDisposable
{
    private ChildProcess(Process process) => Process = process;

    public Process Process { get; }

    public static ChildProcess Start()
    {
        var process = Process.Start(new ProcessStartInfo("sort") { RedirectStandardInput = true, RedirectStandardOutput = true });
        return new ChildProcess(Assert.IsType<Process>(process));
    }

    public async Task EndAsync()
    {
        Process.StandardInput.Close();
        await Process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill();
        }

        Process.Dispose();
    }
}
