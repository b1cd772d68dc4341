using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>playground/typescript-apphost calls what this package exports, with arguments that it takes.</summary>
public sealed partial class TypeScriptAppHostTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "playground/typescript-apphost");

    [Fact]
    public void The_example_calls_every_exported_method_and_its_arguments_are_taken()
    {
        var exports = Exports();
        var called = new HashSet<string>();

        foreach (var statement in Statements())
        {
            var builder = TestModel.CreateBuilder();
            var resource = builder.AddProject<TestProject>("resource");
            var onBuilder = true;
            foreach (Match call in Call().Matches(statement))
            {
                var name = call.Groups["name"].Value;
                if (exports.GetValueOrDefault((name, onBuilder)) is { } method)
                {
                    called.Add(name);
                    var arguments = call.Groups["arguments"].Value;
                    object?[] target = [onBuilder ? builder : resource, .. arguments is "" ? [] : new[] { JsonSerializer.Deserialize<string[]>(arguments) }];
                    (method.IsGenericMethod ? method.MakeGenericMethod(typeof(ProjectResource)) : method).Invoke(null, BindingFlags.DoNotWrapExceptions, null, target, null);
                }
                else
                {
                    Assert.DoesNotContain(exports.Keys, export => export.Name == name);
                }

                onBuilder &= !name.StartsWith("add", StringComparison.Ordinal);
            }
        }

        Assert.Equal(exports.Keys.Select(export => export.Name).Distinct().Order(), called.Order());
    }

    [Fact]
    public void The_example_has_this_package_from_its_project_and_the_other_packages_at_the_version_that_it_is_built_with()
    {
        var configuration = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "aspire.config.json")))!;
        var packages = configuration["packages"]!.AsObject().ToDictionary(package => package.Key, package => package.Value!.GetValue<string>());
        var aspireVersion = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants("AspireVersion").Single().Value;

        Assert.True(packages.Remove("Aspire.Hosting.RouteTracing", out var project));
        Assert.True(File.Exists(Path.Combine(Folder, project)), project);
        Assert.All(packages.Values.Append(configuration["sdk"]!["version"]!.GetValue<string>()), version => Assert.Equal(aspireVersion, version));
    }

    [Fact]
    public void The_example_names_projects_that_exist()
    {
        var projects = Statements().SelectMany(statement => ProjectPath().Matches(statement)).Select(path => path.Groups[1].Value).ToArray();

        Assert.NotEmpty(projects);
        Assert.All(projects, project => Assert.True(File.Exists(Path.Combine(Folder, project)), project));
    }

    [Fact]
    public void The_ids_of_the_exports_are_distinct_and_their_parameters_documented()
    {
        var documentation = XDocument.Load(Path.ChangeExtension(typeof(RouteTracingBuilderExtensions).Assembly.Location, ".xml"));
        var methods = ExportedMethods().ToArray();

        Assert.Equal(methods.Length, methods.Select(method => Id(method)).Distinct().Count());
        Assert.All(methods, method =>
        {
            var member = Assert.Single(documentation.Descendants("member"), member => Regex.IsMatch(member.Attribute("name")!.Value, $@"^M:{method.DeclaringType}\.{method.Name}\b"));
            Assert.NotNull(member.Element("summary"));
            Assert.Equal(method.GetParameters().Select(parameter => parameter.Name), member.Elements("param").Select(parameter => parameter.Attribute("name")!.Value));
        });
    }

    /// <summary>The exported methods by the name that an AppHost in another language calls them by, on the builder of the application or of a resource.</summary>
    private static Dictionary<(string Name, bool OnBuilder), MethodInfo> Exports() =>
        ExportedMethods().ToDictionary(method => (method.GetCustomAttribute<AspireExportAttribute>()!.MethodName ?? Id(method), !method.IsGenericMethod));

    private static IEnumerable<MethodInfo> ExportedMethods() =>
        new[] { typeof(RouteTracingBuilderExtensions), typeof(RouteTracingResourceBuilderExtensions) }
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(method => method.IsDefined(typeof(AspireExportAttribute)));

    // Without an id of its own an export is called as the method is.
    private static string Id(MethodInfo method) => method.GetCustomAttribute<AspireExportAttribute>()!.Id ?? JsonNamingPolicy.CamelCase.ConvertName(method.Name);

    private static string[] Statements() => Comment().Replace(File.ReadAllText(Path.Combine(Folder, "apphost.mts")), "").Split(';');

    [GeneratedRegex("^//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex("""\.(?<name>\w+)\((?<arguments>(?:"(?:\\.|[^"\\])*"|[^()"])*)\)""")]
    private static partial Regex Call();

    [GeneratedRegex("addProject\\(\"[^\"]*\", \"([^\"]*)\"")]
    private static partial Regex ProjectPath();
}
