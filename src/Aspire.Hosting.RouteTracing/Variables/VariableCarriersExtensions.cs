namespace Aspire.Hosting.RouteTracing.Variables;

internal static class VariableCarriersExtensions
{
    private const string PlainPunctuation = "!#&()*+,-./:;<=>?@[]^_|~ ";

    /// <summary>Whether the service gets the text as it is.</summary>
    public static bool Preserve(this VariableCarriers carriers, string text) =>
        !(carriers.HasFlag(VariableCarriers.Orchestrator) && text.Contains("{{", StringComparison.Ordinal))
        && !(carriers.HasFlag(VariableCarriers.Manifest) && text.AsSpan().ContainsAny('{', '}'))
        && !(carriers.HasFlag(VariableCarriers.DockerCompose) && text.Contains('$', StringComparison.Ordinal))
        && !(carriers.HasFlag(VariableCarriers.Kubernetes) && (text.AsSpan().ContainsAny('\\', '"') || text.Contains("{{", StringComparison.Ordinal)))
        && (!carriers.HasFlag(VariableCarriers.Unknown) || text.All(IsPlain))
        && (carriers == VariableCarriers.None || !text.Any(char.IsControl));

    private static bool IsPlain(char character) => char.IsAsciiLetterOrDigit(character) || PlainPunctuation.Contains(character, StringComparison.Ordinal);
}
