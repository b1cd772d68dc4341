namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>The environment variables by which exclusions reach a resource.</summary>
internal static class ExclusionVariables
{
    /// <summary>Read by Aspire.RouteTracing in a .NET service.</summary>
    public const string DotNet = "OTEL_DOTNET_EXCLUDED_URLS";

    /// <summary>
    /// Read by OpenTelemetry's Python instrumentations that have no variable of their own
    /// (https://opentelemetry-python-contrib.readthedocs.io/en/latest/instrumentation/flask/flask.html#exclude-lists).
    /// </summary>
    public const string Python = "OTEL_PYTHON_EXCLUDED_URLS";

    /// <summary>The key by which services recognise a call from an excluded request.</summary>
    public const string Key = "Aspire__RouteTracing__ExclusionKey";

    public const string Sampler = "OTEL_TRACES_SAMPLER";

    /// <summary>Aspire's choice in Development. It asks no parent, so what is behind an excluded request would still be traced.</summary>
    public const string SamplerOfAspire = "always_on";

    public const string SamplerThatAsksTheParent = "parentbased_always_on";

    private const string PythonPrefix = "OTEL_PYTHON_";
    private const string Suffix = "_EXCLUDED_URLS";

    /// <summary>Whether <paramref name="name"/> is one instrumentation's own variable, such as <c>OTEL_PYTHON_FLASK_EXCLUDED_URLS</c>; it hides the general one.</summary>
    public static bool IsSpecificToPython(string name)
        => name.Length > PythonPrefix.Length + Suffix.Length
            && name.StartsWith(PythonPrefix, StringComparison.Ordinal)
            && name.EndsWith(Suffix, StringComparison.Ordinal);
}
