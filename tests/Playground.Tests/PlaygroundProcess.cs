using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Playground.Tests;

/// <summary>The whole program as a process, as <c>dotnet run --project src/AppHost</c> starts it without Aspire.</summary>
internal sealed partial class PlaygroundProcess : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly CancellationTokenSource _deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    private PlaygroundProcess(Process process)
    {
        _process = process;
        _deadline.CancelAfter(Deadline);
    }

    public static PlaygroundProcess Start(string arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            Arguments = $"exec \"{typeof(AppHost.WithoutAspire.Program).Assembly.Location}\" {arguments}",
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("OTEL_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new(Process.Start(start)!);
    }

    /// <summary>The ids of the services' processes, once all of them listen.</summary>
    public async Task<IReadOnlyList<int>> WaitForServicesAsync()
    {
        var ids = new List<int>();
        while (await _process.StandardOutput.ReadLineAsync(_deadline.Token) is { } line)
        {
            if (ServiceLine().Match(line) is { Success: true } match)
            {
                ids.Add(int.Parse(match.Groups["id"].Value, null));
            }
            else if (line.StartsWith("Ctrl+C", StringComparison.Ordinal))
            {
                return ids;
            }
        }

        throw new InvalidOperationException($"The playground ended before it ran: {await _process.StandardError.ReadToEndAsync(_deadline.Token)}");
    }

    /// <param name="signal">As the shell's kill names it: INT, TERM, KILL.</param>
    public async Task SignalAsync(string signal)
    {
        using var shell = Process.Start("sh", ["-c", $"kill -{signal} {_process.Id}"]);
        await shell.WaitForExitAsync(_deadline.Token);
        Assert.Equal(0, shell.ExitCode);
    }

    public async Task<(int ExitCode, string Output, string Error)> WaitForExitAsync()
    {
        var output = _process.StandardOutput.ReadToEndAsync(_deadline.Token);
        var error = _process.StandardError.ReadToEndAsync(_deadline.Token);
        await _process.WaitForExitAsync(_deadline.Token);
        return (_process.ExitCode, (await output).ReplaceLineEndings("\n"), await error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
        _deadline.Dispose();
    }

    [GeneratedRegex(@"^\w+ listens on \S+ \(process (?<id>\d+)\)$")]
    private static partial Regex ServiceLine();
}
