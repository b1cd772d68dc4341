using System.Text.RegularExpressions;
using Aspire.Hosting.RouteTracing.Tests.Publishing;
using YamlDotNet.Serialization;

namespace Aspire.Hosting.RouteTracing.Integrations.Tests;

public sealed partial class PublishTests : IDisposable
{
    private readonly DirectoryInfo _output = Directory.CreateTempSubdirectory();

    [Fact]
    public async Task Docker_compose_reads_back_as_the_same_lists()
    {
        await PublishedLists.PublishAsync(
            "publish",
            _output.FullName,
            builder => builder.AddDockerComposeEnvironment("compose").WithDashboard(enabled: false));

        var text = await File.ReadAllTextAsync(
            Path.Combine(_output.FullName, "docker-compose.yaml"), TestContext.Current.CancellationToken);
        var services = Child(ReadYaml(text), "services");

        PublishedLists.AssertReadsBack((resource, variable) =>
            Child(Child(services, resource), "environment").GetValueOrDefault(variable) is string value ? Interpolate(value) : null);
        Assert.DoesNotContain("Aspire__RouteTracing__", text, StringComparison.Ordinal);
        Snapshot.Match("docker-compose.yaml", text);
    }

    [Fact]
    public async Task Kubernetes_reads_back_as_the_same_lists()
    {
        await PublishedLists.PublishAsync(
            "publish",
            _output.FullName,
            builder => builder.AddKubernetesEnvironment("k8s").WithDashboard(enabled: false));

        var valuesText = await File.ReadAllTextAsync(Path.Combine(_output.FullName, "values.yaml"), TestContext.Current.CancellationToken);
        var values = ReadYaml(valuesText);

        PublishedLists.AssertReadsBack((resource, variable) =>
        {
            var template = File.ReadAllText(Path.Combine(_output.FullName, "templates", resource, "config.yaml"));
            var rendered = HelmValue().Replace(template, match => GetValue(values, match.Groups["path"].Value) as string ?? "");
            return Child(ReadYaml(rendered), "data").GetValueOrDefault(variable) as string;
        });
        var config = Path.Combine(_output.FullName, "templates", "awkward", "config.yaml");
        Snapshot.Match("kubernetes.yaml", valuesText + await File.ReadAllTextAsync(config, TestContext.Current.CancellationToken));
    }

    public void Dispose() => _output.Delete(recursive: true);

    /// <summary>Returns the value that Docker Compose passes on if none of the variables is set.</summary>
    private static string Interpolate(string value) => ComposeVariable().Replace(value, match => match.Value == "$$" ? "$" : "");

    private static object? GetValue(Dictionary<object, object> values, string path) =>
        path.Split('.').Aggregate((object?)values, (node, name) => ((Dictionary<object, object>)node!).GetValueOrDefault(name));

    private static Dictionary<object, object> ReadYaml(string text) =>
        new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(text);

    private static Dictionary<object, object> Child(Dictionary<object, object> node, string name) => (Dictionary<object, object>)node[name];

    [GeneratedRegex(@"\$(?:\$|\{[^}]*\}|[A-Za-z_]\w*)")]
    private static partial Regex ComposeVariable();

    [GeneratedRegex(@"\{\{ \.Values\.(?<path>[\w.]+) \}\}")]
    private static partial Regex HelmValue();
}
