using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>A resource's language, which decides which variables its OpenTelemetry reads.</summary>
/// <param name="Name">The name, for messages.</param>
/// <param name="ResourceTypes">Names of Aspire's resource types. By name, so that no language integration has to be referenced.</param>
/// <param name="Commands">Commands of executables.</param>
/// <param name="ReadsDotNetVariables">Whether it may read <c>OTEL_DOTNET_EXCLUDED_URLS</c>.</param>
/// <param name="ReadsPythonVariables">Whether it may read <c>OTEL_PYTHON_EXCLUDED_URLS</c>.</param>
internal sealed record Language(
    string Name, string[] ResourceTypes, string[] Commands, bool ReadsDotNetVariables = false, bool ReadsPythonVariables = false)
{
    /// <summary>A container or an executable that may be anything.</summary>
    public static readonly Language Unknown = new("unknown", [], [], ReadsDotNetVariables: true, ReadsPythonVariables: true);

    public static readonly Language DotNet = new(".NET", ["ProjectResource"], ["dotnet"], ReadsDotNetVariables: true);

    public static readonly Language Python =
        new(
            "Python",
            ["PythonAppResource"],
            ["python", "python3", "uv", "uvicorn", "gunicorn", "flask", "opentelemetry-instrument"],
            ReadsPythonVariables: true);

    // To add a language, add a line here. CONTRIBUTING.md names the other places.
    private static readonly Language[] All =
    [
        DotNet,
        Python,
        new(
            "JavaScript",
            ["JavaScriptAppResource", "NodeAppResource"],
            ["node", "npm", "npx", "pnpm", "yarn", "bun", "deno"]),
        new(
            "Java",
            ["JavaAppResource", "JavaAppExecutableResource", "JavaAppContainerResource"],
            ["java", "mvn", "mvnw", "gradle", "gradlew"]),
        new("Go", ["GoAppResource", "GoAppExecutableResource", "GolangAppExecutableResource"], ["go"]),
        new("Rust", ["RustAppResource", "RustAppExecutableResource"], ["cargo"]),
    ];

    public bool ReadsExcludedUrls => ReadsDotNetVariables || ReadsPythonVariables;

    public static Language Of(IResource resource)
    {
        for (var type = resource.GetType(); type is not null; type = type.BaseType)
        {
            if (Array.Find(All, language => language.ResourceTypes.Contains(type.Name)) is { } language)
            {
                return language;
            }
        }

        // A project that is published as a container is another resource then, which keeps the annotations.
        if (resource.HasAnnotationOfType<IProjectMetadata>())
        {
            return DotNet;
        }

        return resource.TryGetLastAnnotation<ExecutableAnnotation>(out var executable)
            && Path.GetFileNameWithoutExtension(executable.Command) is var command
            ? Array.Find(All, language => language.Commands.Contains(command, StringComparer.OrdinalIgnoreCase)) ?? Unknown
            : Unknown;
    }
}
