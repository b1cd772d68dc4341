namespace Aspire.RouteTracing;

/// <summary>The configuration keys of a service that the AppHost sets.</summary>
internal static class ConfigurationKeys
{
    /// <summary>The section of the settings.</summary>
    public const string Section = "Aspire:RouteTracing";

    /// <summary>The exclusion list.</summary>
    public const string ExcludedUrls = $"{Section}:ExcludedUrls";

    /// <summary>The exclusion list, in OpenTelemetry's convention.</summary>
    public const string DotNetExcludedUrls = "OTEL_DOTNET_EXCLUDED_URLS";

    /// <summary>The exclusion list of ASP.NET Core, in OpenTelemetry's convention.</summary>
    public const string AspNetCoreExcludedUrls = "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS";

    /// <summary>The file that replaces <see cref="DotNetExcludedUrls"/> while the service runs.</summary>
    public const string ExclusionsFile = $"{Section}:ExclusionsFile";

    /// <summary>The folder in which the service reports its list. The AppHost sets it in run mode.</summary>
    public const string StatusFolder = $"{Section}:StatusFolder";
}
