namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>What a variable goes through on its way to the service, each with text of its own that it takes for more than text.</summary>
[Flags]
internal enum VariableCarriers
{
    /// <summary>A plain process environment.</summary>
    None = 0,

    /// <summary>Aspire's orchestrator, in run mode: <c>{{</c> opens a Go template.</summary>
    Orchestrator = 1,

    /// <summary>Aspire's manifest: a brace opens a reference to another resource.</summary>
    Manifest = 2,

    /// <summary>A Docker Compose file: a dollar sign opens a variable.</summary>
    DockerCompose = 4,

    /// <summary>
    /// A Helm chart: Aspire's goes into the quotes of a YAML string as it is, so a backslash and a quote would be YAML's; <c>{{</c> opens
    /// a template.
    /// </summary>
    Kubernetes = 8,

    /// <summary>Some other target: anything that isn't plain may have a meaning of its own.</summary>
    Unknown = 16,
}
