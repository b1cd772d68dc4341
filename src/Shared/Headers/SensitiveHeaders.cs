namespace Aspire.RouteTracing.Headers;

/// <summary>Headers whose values never belong into a trace, whether somebody says so or not.</summary>
internal static class SensitiveHeaders
{
    public static IReadOnlyList<string> Names { get; } = ["authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key"];
}
