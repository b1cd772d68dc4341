using System.Text.RegularExpressions;
using Aspire.RouteTracing.Configuration;
using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Headers;

/// <summary>A compiled item of a list of header names. Matching takes linear time, because clients choose the names.</summary>
internal sealed class HeaderPattern
{
    /// <summary>The number of items that a list can have.</summary>
    public const int MaxItems = 256;

    /// <summary>
    /// The names of headers that contain secrets in practice, as regular expressions that are searched in a name. They don't match similar
    /// names without secrets, such as <c>Idempotency-Key</c>.
    /// </summary>
    public static readonly IReadOnlyList<string> Sensitive =
    [
        "authorization",
        "cookie",
        "token",
        "secret",
        "signature",
        "sess(ion|id)",
        "bearer",
        "hmac",
        "passw|passphrase|passcode|(^|-)(pass|pwd)$|connection-?string",
        "api[-_]?key",
        "(access|account|admin|app|application|auth|client|consumer|customer|developer|encryption|functions?|gateway|insert|license|master|openai|private|query|sas|sendgrid|server|service|shared|signing|storage|subscription|supabase|user)[-_]?key$",
        "jwt|oidc|saml|assertion|userinfo|client-principal$",
        "(^|[-_]|client|ssl|tls)cert",
        "^(x-.*)?credential",
        "[cx]srf",
        "(^|-)(auth|authentication|dpop|mfa|otp|sas|sid|sig|totp|wsse)(-code|-info|-uri)?$",
        "^x-(honeycomb-team|identity-header|jenkins-crumb|registry-config|zumo-master)$|ticket$",
    ];

    private const RegexOptions IgnoreCase = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private readonly string _text;

    // Null for plain text, which most items are, because an automaton takes a millisecond and 200 KB.
    private readonly Regex? _expression;

    private HeaderPattern(string text, Regex? expression) => (_text, _expression) = (text, expression);

    /// <summary>Gets the only name that matches as a whole, or <see langword="null"/>.</summary>
    public string? ExactName => _expression is null ? _text : null;

    /// <summary>
    /// Compiles a list. Invalid configured items are logged and ignored. Items are searched in a name, or if <paramref name="whole"/> is
    /// set, must match it as a whole.
    /// </summary>
    /// <exception cref="ArgumentException">An item that code added is not a valid expression.</exception>
    public static HeaderPattern[] Compile(PatternList patterns, bool whole, ILogger logger)
    {
        var compiled = new List<HeaderPattern>();
        foreach (var item in patterns.Resolve(logger))
        {
            try
            {
                compiled.Add(Compile(item, whole));
            }
            catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
            {
                patterns.Reject(item, exception.Message, logger);
            }
        }

        return [.. compiled];
    }

    /// <summary>Returns whether the expression matches the name, or the name contains the plain text.</summary>
    public bool IsMatch(string name) => _expression?.IsMatch(name) ?? name.Contains(_text, StringComparison.OrdinalIgnoreCase);

    private static HeaderPattern Compile(PatternList.Item item, bool whole)
    {
        var text = whole ? WithoutAnchors(item.Pattern) : item.Pattern;
        if (Regex.Escape(text) == text)
        {
            return new HeaderPattern(text, expression: null);
        }

        // Compiled without the group first, because ')(' is valid only within a group.
        var expression = new Regex(item.Pattern, IgnoreCase, Regex.InfiniteMatchTimeout);

        // The default items take linear time even with backtracking, so they need no automaton, which takes ten times as long.
        // InfiniteMatchTimeout overrides an app-wide default timeout.
        return new HeaderPattern(text, item.Source == PatternList.Default
            ? expression
            : new Regex(
                whole ? Enclose(item.Pattern) : item.Pattern, IgnoreCase | RegexOptions.NonBacktracking, Regex.InfiniteMatchTimeout));
    }

    // The parenthesis would belong to a comment at the end of the item.
    private static string Enclose(string item) => $@"\A(?:{item}{(ExclusionListFormat.EndsAtLineBreakOnly(item) ? "\n" : "")})\z";

    private static string WithoutAnchors(string item) => item.StartsWith('^') && item.EndsWith('$') ? item[1..^1] : item;
}
