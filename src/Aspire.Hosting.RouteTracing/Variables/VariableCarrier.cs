using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>A target that passes variables to a service, and the text that it would alter.</summary>
/// <param name="Changes">Returns whether the carrier would interpret a part of the text as its own syntax.</param>
internal sealed record VariableCarrier(Func<string, bool> Changes)
{
    /// <summary>Aspire's step that writes the manifest. It ignores the compute environments and depends on no other step.</summary>
    public const string ManifestStep = "publish-manifest";

    private const string PlainPunctuation = "!#&()*+,-./:;<=>?@[]^_|~ ";

    /// <summary>Aspire's orchestrator, in run mode: <c>{{</c> opens a Go template.</summary>
    public static readonly VariableCarrier Orchestrator = new(text => text.Contains("{{", StringComparison.Ordinal));

    /// <summary>Aspire's manifest: a brace opens a reference.</summary>
    public static readonly VariableCarrier Manifest = new(text => text.AsSpan().ContainsAny('{', '}'));

    /// <summary>A Docker Compose file: a dollar sign opens a variable.</summary>
    public static readonly VariableCarrier DockerCompose = new(text => text.Contains('$', StringComparison.Ordinal));

    /// <summary>
    /// A Helm chart: Aspire writes the text between the quotes of a YAML string without escapes, and <c>{{</c> opens a template.
    /// </summary>
    public static readonly VariableCarrier Kubernetes = new(
        text => text.AsSpan().ContainsAny('\\', '"') || text.Contains("{{", StringComparison.Ordinal));

    /// <summary>Any other target: every special character may have a meaning.</summary>
    public static readonly VariableCarrier Unknown = new(
        text => !text.All(character => char.IsAsciiLetterOrDigit(character) || PlainPunctuation.Contains(character)));

    public static IReadOnlyList<VariableCarrier> Of(IDistributedApplicationBuilder builder)
    {
        if (builder.ExecutionContext.IsRunMode)
        {
            return [Orchestrator];
        }

        if (builder.Configuration["Pipeline:Step"] == ManifestStep)
        {
            return [Manifest];
        }

        // By name, so that no integration has to be referenced.
        var environments = builder.Resources.OfType<IComputeEnvironmentResource>().Select(environment => environment.GetType().Name switch
        {
            "DockerComposeEnvironmentResource" => DockerCompose,
            "KubernetesEnvironmentResource" => Kubernetes,
            _ => Unknown,
        });
        return [.. environments.DefaultIfEmpty(Manifest)];
    }

    /// <summary>Returns whether every carrier leaves the text as it is.</summary>
    public static bool Preserve(IEnumerable<VariableCarrier> carriers, string text) =>
        !text.Any(char.IsControl) && !carriers.Any(carrier => carrier.Changes(text));
}
