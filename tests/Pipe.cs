using System.Diagnostics;

namespace Tests;

/// <summary>A named pipe, which blocks whoever opens it.</summary>
internal static class Pipe
{
    public static async Task CreateAsync(string path)
    {
        using var process = Process.Start("mkfifo", [path]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }
}
