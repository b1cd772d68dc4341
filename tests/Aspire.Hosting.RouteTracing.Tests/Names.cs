namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>The commands and variables that users and services know.</summary>
internal static class Names
{
    public const string Edit = "edit-excluded-urls";
    public const string TestUrl = "test-url";
    public const string DotNetUrls = "OTEL_DOTNET_EXCLUDED_URLS";
    public const string AspNetCoreUrls = "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS";
    public const string SettingsUrls = "Aspire__RouteTracing__ExcludedUrls";
    public const string PythonUrls = "OTEL_PYTHON_EXCLUDED_URLS";
    public const string FlaskUrls = "OTEL_PYTHON_FLASK_EXCLUDED_URLS";
    public const string FastApiUrls = "OTEL_PYTHON_FASTAPI_EXCLUDED_URLS";
    public const string ListFile = "Aspire__RouteTracing__ExclusionsFile";
    public const string StatusFolder = "Aspire__RouteTracing__StatusFolder";
    public const string Sampler = "OTEL_TRACES_SAMPLER";
}
