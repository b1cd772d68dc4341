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
}
