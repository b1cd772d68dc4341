namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>Whose OpenTelemetry reads a resource's variables.</summary>
internal enum ResourceLanguage
{
    /// <summary>A container or an executable that may be anything.</summary>
    Unknown,
    DotNet,
    Python,
    JavaScript,
    Java,
    Go,
    Rust,
}
