using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>Recognises a resource's language by its type's name, so that no language integration has to be referenced, or by its command.</summary>
internal static class ResourceLanguages
{
    private static readonly Dictionary<string, ResourceLanguage> ByType = new(StringComparer.Ordinal)
    {
        ["ProjectResource"] = ResourceLanguage.DotNet,
        ["PythonAppResource"] = ResourceLanguage.Python,
        ["JavaScriptAppResource"] = ResourceLanguage.JavaScript,
        ["NodeAppResource"] = ResourceLanguage.JavaScript,
        ["JavaAppResource"] = ResourceLanguage.Java,
        ["JavaAppExecutableResource"] = ResourceLanguage.Java,
        ["JavaAppContainerResource"] = ResourceLanguage.Java,
        ["GoAppResource"] = ResourceLanguage.Go,
        ["GoAppExecutableResource"] = ResourceLanguage.Go,
        ["GolangAppExecutableResource"] = ResourceLanguage.Go,
        ["RustAppResource"] = ResourceLanguage.Rust,
        ["RustAppExecutableResource"] = ResourceLanguage.Rust,
    };

    private static readonly Dictionary<string, ResourceLanguage> ByCommand = new(StringComparer.OrdinalIgnoreCase)
    {
        ["dotnet"] = ResourceLanguage.DotNet,
        ["python"] = ResourceLanguage.Python,
        ["python3"] = ResourceLanguage.Python,
        ["uv"] = ResourceLanguage.Python,
        ["uvicorn"] = ResourceLanguage.Python,
        ["gunicorn"] = ResourceLanguage.Python,
        ["flask"] = ResourceLanguage.Python,
        ["opentelemetry-instrument"] = ResourceLanguage.Python,
        ["node"] = ResourceLanguage.JavaScript,
        ["npm"] = ResourceLanguage.JavaScript,
        ["npx"] = ResourceLanguage.JavaScript,
        ["pnpm"] = ResourceLanguage.JavaScript,
        ["yarn"] = ResourceLanguage.JavaScript,
        ["bun"] = ResourceLanguage.JavaScript,
        ["deno"] = ResourceLanguage.JavaScript,
        ["java"] = ResourceLanguage.Java,
        ["mvn"] = ResourceLanguage.Java,
        ["mvnw"] = ResourceLanguage.Java,
        ["gradle"] = ResourceLanguage.Java,
        ["gradlew"] = ResourceLanguage.Java,
        ["go"] = ResourceLanguage.Go,
        ["cargo"] = ResourceLanguage.Rust,
    };

    public static ResourceLanguage Of(IResource resource)
    {
        for (var type = resource.GetType(); type is not null; type = type.BaseType)
        {
            if (ByType.TryGetValue(type.Name, out var language))
            {
                return language;
            }
        }

        // What is published as a container is another resource then, which has kept the annotations.
        if (resource.HasAnnotationOfType<IProjectMetadata>())
        {
            return ResourceLanguage.DotNet;
        }

        return resource.TryGetLastAnnotation<ExecutableAnnotation>(out var executable)
            ? ByCommand.GetValueOrDefault(Path.GetFileNameWithoutExtension(executable.Command))
            : ResourceLanguage.Unknown;
    }
}
