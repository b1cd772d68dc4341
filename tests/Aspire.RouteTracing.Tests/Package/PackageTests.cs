using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace Aspire.RouteTracing.Tests.Package;

/// <summary>The packages that users install.</summary>
[Trait("Needs", "SDK")]
public sealed class PackageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("package").FullName;

    private string Packages => Path.Combine(_folder, "packages");

    [Fact]
    public async Task An_application_that_installs_the_package_gets_route_names_and_exclusions()
    {
        var version = await PackAsync("Aspire.RouteTracing");
        var webApp = Directory.CreateDirectory(Path.Combine(_folder, "WebApp")).FullName;
        var program = Path.Combine(Repository.Root, "tests/Aspire.RouteTracing.Tests/Package/WebApp/Program.cs");
        File.Copy(program, Path.Combine(webApp, "Program.cs"));
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");
        await File.WriteAllTextAsync(Path.Combine(webApp, "WebApp.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <RestoreAdditionalProjectSources>{Packages}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{_folder}/installed</RestorePackagesPath>
                <RestoreFallbackFolders>{cache}</RestoreFallbackFolders>
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
            output.Split('\n')
                .Where(line => line.StartsWith("span: ", StringComparison.Ordinal)
                    || line.StartsWith("excluded: ", StringComparison.Ordinal))
                .Order());
    }

    [Fact]
    public async Task The_client_package_contains_the_expected_files()
    {
        // Ids that begin with Aspire. are reserved, so releases use another prefix.
        var version = await PackAsync("Aspire.RouteTracing", "-p:PackageIdPrefix=Contoso.Aspire");

        var (files, metadata) = await ReadAsync("Contoso.Aspire.RouteTracing", version);
        AssertHas(
            files,
            "ConfigurationSchema.json",
            "README.md",
            "buildTransitive/net10.0/Contoso.Aspire.RouteTracing.targets",
            "icon.png",
            "lib/net10.0/Aspire.RouteTracing.dll",
            "lib/net10.0/Aspire.RouteTracing.xml");
        AssertIsComplete("Contoso.Aspire.RouteTracing", metadata);
        Assert.Equal(
            ["OpenTelemetry.Extensions.Hosting", "OpenTelemetry.Instrumentation.AspNetCore"],
            metadata.Descendants(metadata.Name.Namespace + "dependency").Select(dependency => dependency.Attribute("id")!.Value).Order());
        await AssertHasSymbolsAsync("Contoso.Aspire.RouteTracing", version, "lib/net10.0/Aspire.RouteTracing.pdb");
    }

    [Fact]
    public async Task The_hosting_package_contains_the_expected_files()
    {
        var version = await PackAsync("Aspire.Hosting.RouteTracing", "-p:PackageIdPrefix=Contoso.Aspire");

        var (files, metadata) = await ReadAsync("Contoso.Aspire.Hosting.RouteTracing", version);
        AssertHas(
            files,
            "README.md",
            "icon.png",
            "lib/net10.0/Aspire.Hosting.RouteTracing.dll",
            "lib/net10.0/Aspire.Hosting.RouteTracing.xml");
        AssertIsComplete("Contoso.Aspire.Hosting.RouteTracing", metadata);
        await AssertHasSymbolsAsync("Contoso.Aspire.Hosting.RouteTracing", version, "lib/net10.0/Aspire.Hosting.RouteTracing.pdb");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void AssertHas(HashSet<string> files, params string[] names) =>
        Assert.All(names, name => Assert.Contains(name, files));

    private static void AssertIsComplete(string id, XElement metadata)
    {
        string? Value(string name) => metadata.Element(metadata.Name.Namespace + name)?.Value;
        var repository = metadata.Element(metadata.Name.Namespace + "repository")!;
        var url = repository.Attribute("url")!.Value;

        Assert.Equal(id, Value("id"));
        Assert.Equal("MIT", Value("license"));
        Assert.Equal("README.md", Value("readme"));
        Assert.Equal("icon.png", Value("icon"));
        Assert.False(string.IsNullOrEmpty(Value("authors")));
        Assert.False(string.IsNullOrEmpty(Value("description")));
        Assert.False(string.IsNullOrEmpty(Value("tags")));
        Assert.Equal("git", repository.Attribute("type")!.Value);
        Assert.Equal(url, Value("projectUrl"));
        Assert.Equal($"{url}/blob/main/CHANGELOG.md", Value("releaseNotes"));
    }

    // With its own version and output folder, so that no installed or built package is used instead.
    private async Task<string> PackAsync(string project, params string[] options)
    {
        var suffix = $"test.{DateTime.UtcNow.Ticks}";
        await DotnetAsync(
            Repository.Root,
            [
                "pack", $"src/{project}", "--version-suffix", suffix, "--output", Packages,
                "--artifacts-path", Path.Combine(_folder, "artifacts"), "-p:RunAnalyzers=false", .. options,
            ]);
        var package = Path.GetFileNameWithoutExtension(Assert.Single(Directory.GetFiles(Packages, "*.nupkg")));
        return package[(package.IndexOf(".RouteTracing.", StringComparison.Ordinal) + ".RouteTracing.".Length)..];
    }

    private async Task<(HashSet<string> Files, XElement Metadata)> ReadAsync(string id, string version)
    {
        using var package = await OpenAsync($"{id}.{version}.nupkg");
        await using var nuspec = await package.GetEntry($"{id}.nuspec")!.OpenAsync(TestContext.Current.CancellationToken);
        return ([.. package.Entries.Select(entry => entry.FullName)], XDocument.Load(nuspec).Root!.Elements().Single());
    }

    private async Task AssertHasSymbolsAsync(string id, string version, string file)
    {
        using var package = await OpenAsync($"{id}.{version}.snupkg");
        Assert.NotNull(package.GetEntry(file));
    }

    private Task<ZipArchive> OpenAsync(string file) =>
        ZipFile.OpenReadAsync(Path.Combine(Packages, file), TestContext.Current.CancellationToken);

    private static async Task<string> DotnetAsync(string folder, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(
            process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}\n{await error}");
        return await output;
    }
}
