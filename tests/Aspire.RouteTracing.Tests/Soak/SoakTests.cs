using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Aspire.RouteTracing.Tests.Soak;

public sealed class SoakTests
{
    // That of the runtime of this process, which another dotnet on the path can lack.
    private static string Host => Path.GetFullPath(Path.Combine(
        RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    /// <summary>Runs 0.25 % of the soak.</summary>
    [Fact]
    public async Task Six_thousand_requests_find_no_fault()
    {
        var start = new ProcessStartInfo(
            Host,
            ["exec", typeof(Aspire.RouteTracing.Soak.Program).Assembly.Location, "6000"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var soak = Process.Start(start)!;
        var error = soak.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await soak.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await soak.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(soak.ExitCode == 0, output + await error);
        Assert.EndsWith("No fault.", output.TrimEnd(), StringComparison.Ordinal);
    }
}
