using System.Diagnostics;

namespace Tests;

/// <summary>A named pipe. Opening it blocks until the other end is opened, too.</summary>
internal sealed class Pipe : IDisposable
{
    private readonly string _path;

    private Pipe(string path) => _path = path;

    public static async Task<Pipe> CreateAsync(string path)
    {
        using var process = Process.Start("mkfifo", [path]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return new Pipe(path);
    }

    /// <summary>Deletes the pipe and unblocks its readers, so that a failed test ends.</summary>
    public void Dispose()
    {
        // To open a pipe for reading and writing doesn't block.
        using var opened = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        File.Delete(_path);
    }
}
