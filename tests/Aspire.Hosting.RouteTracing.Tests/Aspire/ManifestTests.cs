using System.Text.Json;
using static Aspire.Hosting.RouteTracing.Tests.Aspire.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests.Aspire;

/// <summary>What Aspire's own publisher writes to the manifest.</summary>
public sealed class ManifestTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("manifest").FullName;

    [Fact]
    public async Task A_project_has_its_list_and_a_reference_to_the_key()
    {
        var manifest = await PublishAsync(builder =>
        {
            builder.WithExcludedUrls("healthcheck");
            builder.AddService("api").WithExcludedUrls("client/.*/info").WithEnvironment("OTEL_DOTNET_EXCLUDED_URLS", "theirs");
        });

        var variables = manifest.GetProperty("resources").GetProperty("api").GetProperty("env");
        Assert.Equal("theirs,healthcheck,client/.*/info", variables.GetProperty("OTEL_DOTNET_EXCLUDED_URLS").GetString());
        Assert.Equal("{route-tracing-exclusion-key.value}", variables.GetProperty("Aspire__RouteTracing__ExclusionKey").GetString());
        Assert.False(variables.TryGetProperty("OTEL_TRACES_SAMPLER", out _));
    }

    [Fact]
    public async Task The_key_is_a_generated_secret()
    {
        var manifest = await PublishAsync(builder => builder.AddService("api").WithExcludedUrls("healthcheck"));

        var input = manifest.GetProperty("resources").GetProperty("route-tracing-exclusion-key").GetProperty("inputs").GetProperty("value");
        Assert.True(input.GetProperty("secret").GetBoolean());
        Assert.Equal(32, input.GetProperty("default").GetProperty("generate").GetProperty("minLength").GetInt32());
    }

    [Fact]
    public async Task A_pattern_that_reads_as_an_expression_of_the_manifest_goes_in_base64()
    {
        var manifest = await PublishAsync(builder => builder.AddService("api").WithExcludedUrls(@"^/\d{1,3}$", "{id}"));

        var value = manifest.GetProperty("resources").GetProperty("api").GetProperty("env").GetProperty("OTEL_DOTNET_EXCLUDED_URLS").GetString()!;
        Assert.StartsWith("base64:", value, StringComparison.Ordinal);
        Assert.Equal([@"^/\d{1,3}$", "{id}"], global::Aspire.RouteTracing.ExcludedUrls.ExclusionListFormat.Parse(value, out _));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<JsonElement> PublishAsync(Action<IDistributedApplicationBuilder> configure)
    {
        var path = Path.Combine(_folder, "manifest.json");
        var builder = CreateBuilder(["AppHost:Operation=publish", $"Pipeline:OutputPath={path}", "Pipeline:Step=publish-manifest"]);
        configure(builder);
        await using var app = builder.Build();
        await app.RunAsync(TestContext.Current.CancellationToken);
        return JsonDocument.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).RootElement;
    }
}
