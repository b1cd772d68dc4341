using Aspire.RouteTracing;

namespace Aspire.Hosting.RouteTracing.Variables;

internal static class VariableNames
{
    public const string DotNetExcludedUrls = ConfigurationKeys.DotNetExcludedUrls;
    public const string AspNetCoreExcludedUrls = ConfigurationKeys.AspNetCoreExcludedUrls;
    public static readonly string SettingsExcludedUrls = ToVariable(ConfigurationKeys.ExcludedUrls);
    public const string PythonExcludedUrls = "OTEL_PYTHON_EXCLUDED_URLS";
    public static readonly string ExclusionsFile = ToVariable(ConfigurationKeys.ExclusionsFile);
    public static readonly string StatusFolder = ToVariable(ConfigurationKeys.StatusFolder);
    public const string TracesSampler = "OTEL_TRACES_SAMPLER";

    /// <summary>
    /// The sampler that Aspire sets in Development. It ignores the parent, so services that an excluded request calls would trace it.
    /// </summary>
    public const string AlwaysOn = "always_on";

    public const string ParentBasedAlwaysOn = "parentbased_always_on";

    // These exclude requests that a Python service sends, not those that it receives.
    private static readonly string[] PythonClientsExcludedUrls =
    [
        "OTEL_PYTHON_AIOHTTP_CLIENT_EXCLUDED_URLS", "OTEL_PYTHON_HTTPX_EXCLUDED_URLS", "OTEL_PYTHON_REQUESTS_EXCLUDED_URLS",
        "OTEL_PYTHON_URLLIB_EXCLUDED_URLS", "OTEL_PYTHON_URLLIB3_EXCLUDED_URLS",
    ];

    /// <summary>
    /// Returns whether it is the variable of one of Python's server instrumentations, such as OTEL_PYTHON_FLASK_EXCLUDED_URLS, which
    /// replaces the general one.
    /// </summary>
    public static bool IsSpecificPythonExcludedUrls(string name) =>
        name != PythonExcludedUrls
        && name.StartsWith("OTEL_PYTHON_", StringComparison.Ordinal)
        && name.EndsWith("_EXCLUDED_URLS", StringComparison.Ordinal)
        && !PythonClientsExcludedUrls.Contains(name);

    /// <summary>Returns whether the AppHost's list is joined to the value of this variable for a service with this language.</summary>
    public static bool IsExcludedUrls(string name, Language language) =>
        (language.ReadsDotNetVariables && name == DotNetExcludedUrls)
        || (language.ReadsPythonVariables && (name == PythonExcludedUrls || IsSpecificPythonExcludedUrls(name)));

    private static string ToVariable(string key) => key.Replace(":", "__", StringComparison.Ordinal);
}
