using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace Aspire.RouteTracing.Tests.Package;

/// <summary>The packages that users install.</summary>
[Trait("Needs", "SDK")]
public sealed class PackageTests(PackageTests.Packages packages) : IClassFixture<PackageTests.Packages>
{
    [Fact]
    public async Task An_application_that_installs_the_package_gets_route_names_and_exclusions()
    {
        var webApp = Directory.CreateDirectory(Path.Combine(packages.Folder, "WebApp")).FullName;
        var program = Path.Combine(Repository.Root, "tests/Aspire.RouteTracing.Tests/Package/WebApp/Program.cs");
        File.Copy(program, Path.Combine(webApp, "Program.cs"));
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");
        await File.WriteAllTextAsync(Path.Combine(webApp, "WebApp.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <RestoreAdditionalProjectSources>{packages.Folder}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{packages.Folder}/installed</RestorePackagesPath>
                <RestoreFallbackFolders>{cache}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{Packages.ClientId}" Version="{packages.Version}" />
              </ItemGroup>
            </Project>
            """, TestContext.Current.CancellationToken);

        var output = await Packages.DotnetAsync(webApp, ["run"], ("OTEL_DOTNET_EXCLUDED_URLS", "client/.*/info,healthcheck"));

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
        var (files, metadata) = await ReadAsync(Packages.ClientId);
        AssertHas(
            files,
            "ConfigurationSchema.json",
            "README.md",
            $"buildTransitive/net10.0/{Packages.ClientId}.targets",
            "icon.png",
            "lib/net10.0/Aspire.RouteTracing.dll",
            "lib/net10.0/Aspire.RouteTracing.xml");
        AssertIsComplete(Packages.ClientId, metadata);
        Assert.Equal(
            ["OpenTelemetry.Extensions.Hosting", "OpenTelemetry.Instrumentation.AspNetCore"],
            metadata.Descendants(metadata.Name.Namespace + "dependency").Select(dependency => dependency.Attribute("id")!.Value).Order());
        await AssertHasSymbolsAsync(Packages.ClientId, "lib/net10.0/Aspire.RouteTracing.pdb");
    }

    [Fact]
    public async Task The_hosting_package_contains_the_expected_files()
    {
        var (files, metadata) = await ReadAsync(Packages.HostingId);
        AssertHas(
            files,
            "README.md",
            "icon.png",
            "lib/net10.0/Aspire.Hosting.RouteTracing.dll",
            "lib/net10.0/Aspire.Hosting.RouteTracing.xml");
        AssertIsComplete(Packages.HostingId, metadata);
        await AssertHasSymbolsAsync(Packages.HostingId, "lib/net10.0/Aspire.Hosting.RouteTracing.pdb");
    }

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

    private async Task<(HashSet<string> Files, XElement Metadata)> ReadAsync(string id)
    {
        using var package = await OpenAsync($"{id}.{packages.Version}.nupkg");
        await using var nuspec = await package.GetEntry($"{id}.nuspec")!.OpenAsync(TestContext.Current.CancellationToken);
        return ([.. package.Entries.Select(entry => entry.FullName)], XDocument.Load(nuspec).Root!.Elements().Single());
    }

    private async Task AssertHasSymbolsAsync(string id, string file)
    {
        using var package = await OpenAsync($"{id}.{packages.Version}.snupkg");
        Assert.NotNull(package.GetEntry(file));
    }

    private Task<ZipArchive> OpenAsync(string file) =>
        ZipFile.OpenReadAsync(Path.Combine(packages.Folder, file), TestContext.Current.CancellationToken);

    /// <summary>Both packages, packed once.</summary>
    public sealed class Packages : IAsyncLifetime
    {
        // Ids that begin with Aspire. are reserved, so releases use another prefix.
        private const string Prefix = "Contoso.Aspire";

        public const string ClientId = $"{Prefix}.RouteTracing";
        public const string HostingId = $"{Prefix}.Hosting.RouteTracing";

        public string Folder { get; } = Directory.CreateTempSubdirectory("package").FullName;

        public string Version { get; private set; } = "";

        // With its own version and output folder, so that no installed or built package is used instead.
        public async ValueTask InitializeAsync()
        {
            var suffix = $"test.{DateTime.UtcNow.Ticks}";
            foreach (var project in new[] { "Aspire.RouteTracing", "Aspire.Hosting.RouteTracing" })
            {
                await DotnetAsync(
                    Repository.Root,
                    [
                        "pack", $"src/{project}", "--version-suffix", suffix, "--output", Folder,
                        "--artifacts-path", Path.Combine(Folder, "artifacts"), "-p:RunAnalyzers=false", $"-p:PackageIdPrefix={Prefix}",
                    ]);
            }

            var package = Path.GetFileNameWithoutExtension(Assert.Single(Directory.GetFiles(Folder, $"{ClientId}.*.nupkg")));
            Version = package[(ClientId.Length + 1)..];
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }

        public static async Task<string> DotnetAsync(string folder, string[] arguments, params (string Name, string Value)[] environment)
        {
            var start = new ProcessStartInfo("dotnet", arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };

            // A node that is kept would hold the output open.
            start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
            foreach (var (name, value) in environment)
            {
                start.Environment[name] = value;
            }

            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(
                process.ExitCode == 0,
                $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}\n{await error}");
            return await output;
        }
    }
}
