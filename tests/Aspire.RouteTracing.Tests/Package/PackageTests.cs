using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace Aspire.RouteTracing.Tests.Package;

/// <summary>The package as a user gets it: packed, installed from a folder into a new web application, and run.</summary>
[Trait("Needs", "SDK")]
public sealed class PackageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("package").FullName;

    [Fact]
    public async Task A_new_web_application_that_installs_the_package_gets_route_named_spans_and_excluded_URLs()
    {
        var version = await PackAsync();
        var webApp = Directory.CreateDirectory(Path.Combine(_folder, "WebApp")).FullName;
        File.Copy(Path.Combine(Repository.Root, "tests/Aspire.RouteTracing.Tests/Package/WebApp/Program.cs"), Path.Combine(webApp, "Program.cs"));
        await File.WriteAllTextAsync(Path.Combine(webApp, "WebApp.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <RestoreAdditionalProjectSources>{_folder}/packages</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{_folder}/installed</RestorePackagesPath>
                <RestoreFallbackFolders>{Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages")}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Aspire.RouteTracing" Version="{version}" />
              </ItemGroup>
            </Project>
            """, TestContext.Current.CancellationToken);

        var output = await DotnetAsync(webApp, ["run"], ("OTEL_DOTNET_EXCLUDED_URLS", "client/.*/info,healthcheck"));

        Assert.Equal(
            [
                "excluded: client/.*/info by OTEL_DOTNET_EXCLUDED_URLS",
                "excluded: healthcheck by OTEL_DOTNET_EXCLUDED_URLS",
                "span: GET /orders/{id:int}",
            ],
            output.Split('\n').Where(line => line.StartsWith("span: ", StringComparison.Ordinal) || line.StartsWith("excluded: ", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public async Task The_package_holds_what_a_release_holds()
    {
        var version = await PackAsync();

        using var package = await ZipFile.OpenReadAsync(Path.Combine(_folder, "packages", $"Aspire.RouteTracing.{version}.nupkg"), TestContext.Current.CancellationToken);
        var files = package.Entries.Select(entry => entry.FullName).ToArray();
        foreach (var file in new[] { "README.md", "lib/net10.0/Aspire.RouteTracing.dll", "lib/net10.0/Aspire.RouteTracing.xml", "ConfigurationSchema.json", "buildTransitive/net10.0/Aspire.RouteTracing.targets" })
        {
            Assert.Contains(file, files);
        }

        Assert.True(File.Exists(Path.Combine(_folder, "packages", $"Aspire.RouteTracing.{version}.snupkg")));
        await using var nuspec = await package.GetEntry("Aspire.RouteTracing.nuspec")!.OpenAsync(TestContext.Current.CancellationToken);
        var metadata = XDocument.Load(nuspec).Root!.Elements().Single();
        var ns = metadata.Name.Namespace;
        Assert.Equal("MIT", metadata.Element(ns + "license")!.Value);
        Assert.Equal("README.md", metadata.Element(ns + "readme")!.Value);
        Assert.Null(metadata.Element(ns + "icon"));
        Assert.Equal(
            ["OpenTelemetry.Extensions.Hosting", "OpenTelemetry.Instrumentation.AspNetCore"],
            metadata.Descendants(ns + "dependency").Select(dependency => dependency.Attribute("id")!.Value).Order());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Under a version of its own, and with outputs of its own, so that nothing that is installed or built already is taken for it.
    private async Task<string> PackAsync()
    {
        var suffix = $"test.{DateTime.UtcNow.Ticks}";
        await DotnetAsync(
            Repository.Root,
            ["pack", "src/Aspire.RouteTracing", "--version-suffix", suffix, "--output", Path.Combine(_folder, "packages"), "--artifacts-path", Path.Combine(_folder, "artifacts")]);
        var package = Directory.GetFiles(Path.Combine(_folder, "packages"), "*.nupkg").Single();
        return Path.GetFileNameWithoutExtension(package)["Aspire.RouteTracing.".Length..];
    }

    private static async Task<string> DotnetAsync(string folder, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}\n{await error}");
        return await output;
    }
}
