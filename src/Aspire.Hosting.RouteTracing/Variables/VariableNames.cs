namespace Aspire.Hosting.RouteTracing.Variables;

internal static class VariableNames
{
    public const string DotNetExcludedUrls = "OTEL_DOTNET_EXCLUDED_URLS";
    public const string AspNetCoreExcludedUrls = "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS";
    public const string SettingsExcludedUrls = "Aspire__RouteTracing__ExcludedUrls";
    public const string ExclusionKey = "Aspire__RouteTracing__ExclusionKey";
    public const string PythonExcludedUrls = "OTEL_PYTHON_EXCLUDED_URLS";
    public const string CapturedRequestHeaders = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST";
    public const string CapturedResponseHeaders = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE";
    public const string SanitizedHeaders = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS";
    public const string TracesSampler = "OTEL_TRACES_SAMPLER";

    /// <summary>Aspire's choice in Development. It asks no parent, so a service behind an excluded request would go on tracing.</summary>
    public const string AspireTracesSampler = "always_on";

    public const string ParentBasedTracesSampler = "parentbased_always_on";

    /// <summary>Whether it is the variable of one Python instrumentation, such as OTEL_PYTHON_FLASK_EXCLUDED_URLS, which hides the general one from it.</summary>
    public static bool IsSpecificPythonExcludedUrls(string name) =>
        name != PythonExcludedUrls
        && name.StartsWith("OTEL_PYTHON_", StringComparison.Ordinal)
        && name.EndsWith("_EXCLUDED_URLS", StringComparison.Ordinal);
}
