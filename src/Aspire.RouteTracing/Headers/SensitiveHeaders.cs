namespace Aspire.RouteTracing.Headers;

/// <summary>The names of headers that contain secrets in practice.</summary>
internal static class SensitiveHeaders
{
    /// <summary>
    /// Gets regular expressions that are searched in the name of a header. They don't match similar names without secrets, such as
    /// <c>Idempotency-Key</c>.
    /// </summary>
    public static IReadOnlyList<string> Patterns { get; } =
    [
        "authorization",
        "cookie",
        "token",
        "secret",
        "signature",
        "session",
        "bearer",
        "hmac",
        "passw|passphrase|-pass$",
        "api[-_]?key",
        "(access|account|admin|app|application|auth|customer|encryption|functions?|insert|license|master|private|query|sas|service|shared|signing|subscription)[-_]?key$",
        "jwt|oidc|saml|assertion|userinfo|client-principal$",
        "(^|[-_]|client|ssl|tls)cert",
        "^x-.*credential",
        "[cx]srf",
        "(^|-)(auth|dpop|otp|sig|wsse)$",
        "^x-(honeycomb-team|identity-header|registry-config)$",
    ];
}
