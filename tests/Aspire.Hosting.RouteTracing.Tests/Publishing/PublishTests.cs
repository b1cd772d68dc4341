using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Aspire.Hosting.RouteTracing.Tests.Publishing;

// Publishing shares a folder in the home of the user.
[Collection("Publishing")]
public sealed class PublishTests : IDisposable
{
    private static readonly JsonSerializerOptions Readable =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly DirectoryInfo _output = Directory.CreateTempSubdirectory();

    [Fact]
    public async Task The_manifest_reads_back_as_the_same_lists()
    {
        var path = Path.Combine(_output.FullName, "manifest.json");
        await PublishedLists.PublishAsync("publish-manifest", path, _ => { });

        var text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        var resources = JsonNode.Parse(text)!["resources"]!.AsObject();

        PublishedLists.AssertReadsBack((resource, variable) =>
            resources[resource]!["env"]![variable]?.GetValue<string>() is { } value
            && !value.AsSpan().ContainsAny('{', '}') ? value : null);
        Assert.DoesNotContain("Aspire__RouteTracing__", text, StringComparison.Ordinal);
        var variables = resources.Select(
            resource => KeyValuePair.Create(resource.Key, (resource.Value!["env"] ?? resource.Value)?.DeepClone()));
        Snapshot.Match("manifest.json", new JsonObject(variables).ToJsonString(Readable));
    }

    public void Dispose() => _output.Delete(recursive: true);
}
