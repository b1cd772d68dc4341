namespace Aspire.Hosting.RouteTracing.Variables;

internal static class VariableCarriersExtensions
{
    /// <summary>Whether the service gets the text as it is.</summary>
    public static bool Preserve(this VariableCarriers carriers, string text) =>
        !(carriers.HasFlag(VariableCarriers.Orchestrator) && text.Contains("{{", StringComparison.Ordinal))
        && !(carriers.HasFlag(VariableCarriers.Manifest) && text.AsSpan().ContainsAny('{', '}'));
}
