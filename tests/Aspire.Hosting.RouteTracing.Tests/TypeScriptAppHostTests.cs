using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>The AppHost in playground/typescript-apphost calls the methods that this package exports.</summary>
public sealed partial class TypeScriptAppHostTests
{
    private static readonly Type[] ExtensionTypes = [typeof(RouteTracingBuilderExtensions), typeof(RouteTracingResourceBuilderExtensions)];

    private static readonly string Folder = Path.Combine(Repository.Root, "playground/typescript-apphost");

    [Fact]
    public void The_example_calls_every_exported_method_with_valid_arguments()
    {
        var exports = Exports();
        var called = new HashSet<string>();

        foreach (var statement in Statements())
        {
            var builder = TestModel.CreateBuilder();
            var resource = builder.AddProject<TestProject>("resource");
            var onBuilder = false;
            foreach (Match call in Call().Matches(statement))
            {
                onBuilder |= call.Groups["receiver"].Value == "builder";
                var name = call.Groups["name"].Value;
                if (exports.GetValueOrDefault((name, onBuilder)) is { } method)
                {
                    called.Add(name);
                    var arguments = call.Groups["arguments"].Value;
                    string[]?[] lists = arguments is "" ? [] : [JsonSerializer.Deserialize<string[]>(arguments)];
                    object?[] target = [onBuilder ? builder : resource, .. lists];
                    (method.IsGenericMethod ? method.MakeGenericMethod(typeof(ProjectResource)) : method).Invoke(
                        null,
                        BindingFlags.DoNotWrapExceptions,
                        null,
                        target,
                        null);
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
    public void The_example_uses_the_versions_that_this_package_is_built_with()
    {
        var configuration = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "aspire.config.json")))!;
        var packages = configuration["packages"]!.AsObject().ToDictionary(
            package => package.Key, package => package.Value!.GetValue<string>());
        var aspireVersion = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"))
            .Descendants("AspireVersion")
            .Single()
            .Value;

        Assert.True(packages.Remove("Aspire.Hosting.RouteTracing", out var project));
        Assert.True(File.Exists(Path.Combine(Folder, project)), project);
        Assert.All(
            packages.Values.Append(configuration["sdk"]!["version"]!.GetValue<string>()), version => Assert.Equal(aspireVersion, version));
    }

    [Fact]
    public void The_example_names_projects_that_exist()
    {
        var projects = Statements().SelectMany(statement => ProjectPath().Matches(statement)).Select(path => path.Groups[1].Value).ToArray(
            );

        Assert.NotEmpty(projects);
        Assert.All(projects, project => Assert.True(File.Exists(Path.Combine(Folder, project)), project));
    }

    [Fact]
    public void Each_public_method_is_exported_once_with_an_id_of_its_own()
    {
        var methods = ExtensionTypes
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .ToArray();

        Assert.Equal(5, methods.Length);
        Assert.All(methods, method => Assert.Single(method.GetCustomAttributes<AspireExportAttribute>()));
        Assert.Equal(methods, ExportedMethods());
        Assert.Equal(methods.Length, methods.Select(Id).Distinct().Count());
    }

    [Fact]
    public void The_parameters_of_the_exports_are_documented()
    {
        var documentation = XDocument.Load(Path.ChangeExtension(typeof(RouteTracingBuilderExtensions).Assembly.Location, ".xml"));
        var methods = ExportedMethods().ToArray();

        Assert.All(methods, method =>
        {
            var member = Assert.Single(
                documentation.Descendants("member"),
                member => Regex.IsMatch(member.Attribute("name")!.Value, $@"^M:{method.DeclaringType}\.{method.Name}\b"));
            Assert.NotNull(member.Element("summary"));
            Assert.Equal(
                method.GetParameters().Select(parameter => parameter.Name),
                member.Elements("param").Select(parameter => parameter.Attribute("name")!.Value));
        });
    }

    /// <summary>Returns the exported methods by their names in other languages, on the builder or on a resource.</summary>
    private static Dictionary<(string Name, bool OnBuilder), MethodInfo> Exports() =>
        ExportedMethods().ToDictionary(
            method => (method.GetCustomAttribute<AspireExportAttribute>()!.MethodName ?? Id(method), !method.IsGenericMethod));

    private static IEnumerable<MethodInfo> ExportedMethods() =>
        ExtensionTypes
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(method => method.IsDefined(typeof(AspireExportAttribute)));

    // An export without an id has the method's name.
    private static string Id(MethodInfo method) =>
        method.GetCustomAttribute<AspireExportAttribute>()!.Id ?? JsonNamingPolicy.CamelCase.ConvertName(method.Name);

    private static string[] Statements() => Comment().Replace(File.ReadAllText(Path.Combine(Folder, "apphost.mts")), "").Split(';');

    [GeneratedRegex("^//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex("""(?<receiver>\w+)?\s*\.(?<name>\w+)\((?<arguments>(?:"(?:\\.|[^"\\])*"|[^()"])*)\)""")]
    private static partial Regex Call();

    [GeneratedRegex("addProject\\(\"[^\"]*\", \"([^\"]*)\"")]
    private static partial Regex ProjectPath();
}
