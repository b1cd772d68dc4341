using System.Diagnostics;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

/// <summary>A process that runs until it is ended: <c>sort</c>, which every system has, waits for the end of its input.</summary>
internal sealed class ChildProcess : IDisposable
{
    private ChildProcess(Process process) => Process = process;

    public Process Process { get; }

    public static ChildProcess Start() => Start("sort");

    /// <summary>Starts a process that prints the id of its child, and never waits for its end.</summary>
    public static ChildProcess StartWithChild() => Start("sh", "-c", "sleep 60 & echo $!; exec sort");

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

    private static ChildProcess Start(string program, params string[] arguments)
    {
        var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true });
        return new ChildProcess(Assert.IsType<Process>(process));
    }
}
