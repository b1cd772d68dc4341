using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.ExcludedUrls;
using YamlDotNet.Serialization;

namespace Aspire.Hosting.RouteTracing.Tests.Aspire;

public sealed partial class PublishTests : IDisposable
{
    private static readonly string[] PlainPatterns = ["client/.*/info", "healthcheck"];

    private static readonly string[] AwkwardPatterns =
    [
        "^/health$", "^/${x}", "/a{1,3}/b", "{{", "{{ .Values.x }}", @"/v\d+", "say \"hi\"", "it's", "two words", "a: b", "#fragment", "a #b", "a,b", "/ünïcode/日本", "%2F", "/*?",
        "`id`", "$(id)", "$$", "{orders.value}", @"C:\\dir", "!important", "&anchor", "- item", "true", "^(?!/api).*$",
    ];

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly DirectoryInfo _output = Directory.CreateTempSubdirectory();

    [Fact]
    public async Task The_manifest_reads_back_as_the_same_lists()
    {
        var path = Path.Combine(_output.FullName, "manifest.json");
        await PublishAsync("publish-manifest", path, _ => { });

        var resources = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!["resources"]!.AsObject();

        AssertReadsBack((resource, variable) => resources[resource]!["env"]![variable]?.GetValue<string>() is { } text && !text.AsSpan().ContainsAny('{', '}') ? text : null);
        Assert.Equal("{route-tracing-exclusion-key.value}", resources["awkward"]!["env"]!["Aspire__RouteTracing__ExclusionKey"]!.GetValue<string>());
        Assert.True(resources["route-tracing-exclusion-key"]!["inputs"]!["value"]!["secret"]!.GetValue<bool>());
        Snapshot.Match("manifest.json", new JsonObject(resources.Select(resource => KeyValuePair.Create(resource.Key, (resource.Value!["env"] ?? resource.Value)?.DeepClone()))).ToJsonString(Readable));
    }

    [Fact]
    public async Task Docker_compose_reads_back_as_the_same_lists()
    {
        await PublishAsync("publish", _output.FullName, builder => builder.AddDockerComposeEnvironment("compose").WithDashboard(enabled: false));

        var text = await File.ReadAllTextAsync(Path.Combine(_output.FullName, "docker-compose.yaml"), TestContext.Current.CancellationToken);
        var services = Child(ReadYaml(text), "services");

        AssertReadsBack((resource, variable) => Child(Child(services, resource), "environment").GetValueOrDefault(variable) is string value ? Interpolate(value) : null);
        Assert.Equal("${ROUTE_TRACING_EXCLUSION_KEY}", Child(Child(services, "awkward"), "environment")["Aspire__RouteTracing__ExclusionKey"]);
        Snapshot.Match("docker-compose.yaml", text);
    }

    [Fact]
    public async Task Kubernetes_reads_back_as_the_same_lists()
    {
        await PublishAsync("publish", _output.FullName, builder => builder.AddKubernetesEnvironment("k8s").WithDashboard(enabled: false));

        var valuesText = await File.ReadAllTextAsync(Path.Combine(_output.FullName, "values.yaml"), TestContext.Current.CancellationToken);
        var values = ReadYaml(valuesText);

        AssertReadsBack((resource, variable) =>
        {
            var template = File.ReadAllText(Path.Combine(_output.FullName, "templates", resource, "config.yaml"));
            var rendered = HelmValue().Replace(template, match => match.Groups["path"].Value.Split('.').Aggregate((object?)values, (node, name) => ((Dictionary<object, object>)node!).GetValueOrDefault(name)) as string ?? "");
            return Child(ReadYaml(rendered), "data").GetValueOrDefault(variable) as string;
        });
        Snapshot.Match("kubernetes.yaml", valuesText + await File.ReadAllTextAsync(Path.Combine(_output.FullName, "templates", "awkward", "config.yaml"), TestContext.Current.CancellationToken));
    }

    public void Dispose() => _output.Delete(recursive: true);

    private static async Task PublishAsync(string step, string output, Action<IDistributedApplicationBuilder> addEnvironment)
    {
        var builder = DistributedApplication.CreateBuilder(["AppHost:Operation=publish", $"Pipeline:Step={step}", $"Pipeline:OutputPath={output}", "Pipeline:ClearCache=true"]);
        addEnvironment(builder);
        builder.WithExcludedUrls(PlainPatterns);
        builder.AddContainer("plain", "image").WithOtlpExporter();
        builder.AddContainer("awkward", "image").WithExcludedUrls(AwkwardPatterns);
        builder.AddProject<TestProject>("project").WithExcludedUrls("^/alive$").WithEnvironment("OTEL_DOTNET_EXCLUDED_URLS", "users");
        await using var app = builder.Build();
        await app.RunAsync(TestContext.Current.CancellationToken);
    }

    private static void AssertReadsBack(Func<string, string, string?> getVariable)
    {
        Assert.Equal("client/.*/info,healthcheck", getVariable("plain", "OTEL_DOTNET_EXCLUDED_URLS"));
        Assert.Equal("client/.*/info,healthcheck", getVariable("plain", "OTEL_PYTHON_EXCLUDED_URLS"));
        Assert.Equal(AwkwardPatterns, ExclusionListFormat.Parse(getVariable("awkward", "OTEL_DOTNET_EXCLUDED_URLS"), out _));
        Assert.Equal(["users", .. PlainPatterns, "^/alive$"], ExclusionListFormat.Parse(getVariable("project", "OTEL_DOTNET_EXCLUDED_URLS"), out _));

        var sayable = AwkwardPatterns.Select(pattern => PythonPattern.TryWrite(pattern, out var text, out _) ? text : null).OfType<string>().ToArray();
        var python = getVariable("awkward", "OTEL_PYTHON_EXCLUDED_URLS")!.Split(',');
        Assert.Equal(sayable.Where(text => python.Contains(text)), python);
        Assert.Contains("^[^:/?#]+://[^/?#]*/health(?![^?])", python);
    }

    /// <summary>What Docker Compose makes of a value where none of the variables is set.</summary>
    private static string Interpolate(string value) => ComposeVariable().Replace(value, match => match.Value == "$$" ? "$" : "");

    private static Dictionary<object, object> ReadYaml(string text) => new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(text);

    private static Dictionary<object, object> Child(Dictionary<object, object> node, string name) => (Dictionary<object, object>)node[name];

    [GeneratedRegex(@"\$(?:\$|\{[^}]*\}|[A-Za-z_]\w*)")]
    private static partial Regex ComposeVariable();

    [GeneratedRegex(@"\{\{ \.Values\.(?<path>[\w.]+) \}\}")]
    private static partial Regex HelmValue();
}
