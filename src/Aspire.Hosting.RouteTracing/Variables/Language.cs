using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>A resource's language, which decides which variables its OpenTelemetry reads.</summary>
/// <param name="Name">The name, for messages.</param>
/// <param name="ReadsDotNetVariables">Whether it may read <c>OTEL_DOTNET_EXCLUDED_URLS</c>.</param>
/// <param name="ReadsPythonVariables">Whether it may read <c>OTEL_PYTHON_EXCLUDED_URLS</c>.</param>
/// <param name="ResourceTypes">Names of Aspire's resource types. By name, so that no language integration has to be referenced.</param>
/// <param name="Commands">Commands of executables.</param>
internal sealed record Language(
    string Name, bool ReadsDotNetVariables, bool ReadsPythonVariables, string[] ResourceTypes, string[] Commands)
{
    /// <summary>A container or an executable that may be anything.</summary>
    public static readonly Language Unknown = new("unknown", true, true, [], []);

    public static readonly Language DotNet = new(".NET", true, false, ["ProjectResource"], ["dotnet"]);

    public static readonly Language Python =
        new(
            "Python",
            false,
            true,
            ["PythonAppResource"],
            ["python", "python3", "uv", "uvicorn", "gunicorn", "flask", "opentelemetry-instrument"]);

    // To add a language, add a line here. CONTRIBUTING.md names the other places.
    private static readonly Language[] All =
    [
        DotNet,
        Python,
        new(
            "JavaScript",
            false,
            false,
            ["JavaScriptAppResource", "NodeAppResource"],
            ["node", "npm", "npx", "pnpm", "yarn", "bun", "deno"]),
        new(
            "Java",
            false,
            false,
            ["JavaAppResource", "JavaAppExecutableResource", "JavaAppContainerResource"],
            ["java", "mvn", "mvnw", "gradle", "gradlew"]),
        new("Go", false, false, ["GoAppResource", "GoAppExecutableResource", "GolangAppExecutableResource"], ["go"]),
        new("Rust", false, false, ["RustAppResource", "RustAppExecutableResource"], ["cargo"]),
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
