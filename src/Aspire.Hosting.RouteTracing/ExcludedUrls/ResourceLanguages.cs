namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>
/// Tells the language of a resource by the names of its types and by its command. The integrations for Python, JavaScript, Java and
/// Go are packages of their own, from Aspire and from the Community Toolkit, which this one must not depend on.
/// </summary>
internal static class ResourceLanguages
{
    private static readonly (string TypeName, ResourceLanguage Language)[] Types =
    [
        ("ProjectResource", ResourceLanguage.DotNet),
        ("PythonAppResource", ResourceLanguage.Python),
        ("NodeAppResource", ResourceLanguage.Other),
        ("JavaScriptAppResource", ResourceLanguage.Other),
        ("JavaAppExecutableResource", ResourceLanguage.Other),
        ("JavaAppContainerResource", ResourceLanguage.Other),
        ("JavaAppResource", ResourceLanguage.Other),
        ("GolangAppExecutableResource", ResourceLanguage.Other),
        ("GoAppResource", ResourceLanguage.Other),
        ("RustAppExecutableResource", ResourceLanguage.Other),
        ("RustAppResource", ResourceLanguage.Other),
    ];

    private static readonly (string Command, ResourceLanguage Language)[] Commands =
    [
        ("dotnet", ResourceLanguage.DotNet),
        ("python", ResourceLanguage.Python),
        ("python3", ResourceLanguage.Python),
        ("uv", ResourceLanguage.Python),
        ("uvicorn", ResourceLanguage.Python),
        ("gunicorn", ResourceLanguage.Python),
        ("flask", ResourceLanguage.Python),
        ("opentelemetry-instrument", ResourceLanguage.Python),
        ("node", ResourceLanguage.Other),
        ("npm", ResourceLanguage.Other),
        ("npx", ResourceLanguage.Other),
        ("yarn", ResourceLanguage.Other),
        ("pnpm", ResourceLanguage.Other),
        ("bun", ResourceLanguage.Other),
        ("deno", ResourceLanguage.Other),
        ("java", ResourceLanguage.Other),
        ("go", ResourceLanguage.Other),
        ("cargo", ResourceLanguage.Other),
    ];

    /// <param name="type">The type of the resource; its base types count, too.</param>
    /// <param name="command">What an executable runs.</param>
    public static ResourceLanguage Of(Type type, string? command = null)
    {
        for (var current = type; current is not null; current = current.BaseType)
        {
            foreach (var (typeName, language) in Types)
            {
                if (current.Name == typeName)
                {
                    return language;
                }
            }
        }

        var name = Path.GetFileNameWithoutExtension(command);
        return Commands.FirstOrDefault(known => string.Equals(known.Command, name, StringComparison.OrdinalIgnoreCase)).Language;
    }
}
