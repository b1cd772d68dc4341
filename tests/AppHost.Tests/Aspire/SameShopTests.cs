using System.Diagnostics;
using System.Text.Json;
using AppHost.WithoutAspire.Services;
using Aspire.RouteTracing.ExcludedUrls;

namespace AppHost.Tests.Aspire;

/// <summary>The model in src/AppHost/AppHost.cs, published, and what stands in for it without Aspire describe the same shop.</summary>
public sealed class SameShopTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("apphost-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_services_get_the_same_exclusions_with_Aspire_and_without()
    {
        using var manifest = await PublishAsync();

        var ports = Shop.Services.ToDictionary(service => service.Name, _ => 5000);
        foreach (var service in Shop.Services)
        {
            var withAspire = manifest.RootElement.GetProperty("resources").GetProperty(service.Name).GetProperty("env").Deserialize<Dictionary<string, string>>()!;
            var withoutAspire = ServiceEnvironment.For(service, ports, otlpEndpoint: null, exclusionKey: "key");

            Assert.Equal(ExcludedUrls(withoutAspire), ExcludedUrls(withAspire));
            Assert.Equal(References(withoutAspire), References(withAspire));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static IEnumerable<string> ExcludedUrls(Dictionary<string, string> variables) =>
        ExclusionListFormat.Parse(variables["OTEL_DOTNET_EXCLUDED_URLS"], out _);

    private static IEnumerable<string> References(Dictionary<string, string> variables) =>
        variables.Keys.Where(name => name.StartsWith("services__", StringComparison.Ordinal)).Select(name => name.Split("__")[1]).Distinct().Order();

    private async Task<JsonDocument> PublishAsync()
    {
        var path = Path.Combine(_folder.FullName, "manifest.json");
        string[] arguments = ["exec", typeof(Projects.AppHost).Assembly.Location, "--publisher", "manifest", "--output-path", path];
        using var process = Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments)
        {
            RedirectStandardOutput = true,
        })!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.True(process.ExitCode == 0, output);
        return JsonDocument.Parse(await File.ReadAllTextAsync(path, Cancellation));
    }
}
