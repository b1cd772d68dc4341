using System.Diagnostics;

namespace Aspire.Hosting.RouteTracing.Integrations.Tests;

/// <summary>The methods as Aspire generates them for an AppHost in TypeScript. The Aspire CLI and Node.js must be on the path.</summary>
public sealed class TypeScriptTests
{
    private static readonly string AppHost = Path.Combine(Repository.Root, "playground/typescript-apphost");

    [Fact]
    public async Task The_TypeScript_AppHost_compiles_with_the_generated_methods()
    {
        await RunAsync("npm", "install", "--no-audit", "--no-fund");
        await RunAsync("aspire", "restore", "--non-interactive", "--nologo");
        await RunAsync("node", "node_modules/typescript/bin/tsc", "--noEmit", "-p", "tsconfig.apphost.json");

        var generated = await File.ReadAllTextAsync(
            Path.Combine(AppHost, ".aspire/modules/aspire.mts"), TestContext.Current.CancellationToken);
        Assert.Contains("withExcludedUrls(patterns: string[]): DistributedApplicationBuilderPromise", generated, StringComparison.Ordinal);
        Assert.Contains("withExcludedUrls(patterns: string[]): ProjectResourcePromise", generated, StringComparison.Ordinal);
        Assert.Contains("withExcludedHealthChecks(): ProjectResourcePromise", generated, StringComparison.Ordinal);
        Assert.Contains("withoutAppWideExclusions(): ProjectResourcePromise", generated, StringComparison.Ordinal);
    }

    private static async Task RunAsync(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = AppHost,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{command} ended with {process.ExitCode}.\n{await output}\n{errors}");
    }
}
