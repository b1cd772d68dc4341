using System.Reflection;
using System.Text.Json.Nodes;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.Configuration;

/// <summary>ConfigurationSchema.json describes the settings, which are read from the section.</summary>
public sealed class ConfigurationSchemaTests
{
    private static readonly JsonObject Schema =
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "ConfigurationSchema.json")))!
            ["properties"]!["Aspire"]!["properties"]!["RouteTracing"]!["properties"]!.AsObject();

    // A delegate can't be configured.
    private static readonly PropertyInfo[] Settings =
        [.. typeof(RouteTracingSettings).GetProperties().Where(property => !property.PropertyType.IsAssignableTo(typeof(Delegate)))];

    public static TheoryData<string> Names => [.. Settings.Select(setting => setting.Name)];

    [Fact]
    public void The_schema_contains_exactly_the_settings_and_the_paths() =>
        Assert.Equal(
            Settings.Select(setting => setting.Name).Concat(["ExclusionsFile", "StatusFolder"]).Order(),
            Schema.Select(property => property.Key).Order());

    [Theory]
    [MemberData(nameof(Names))]
    public void A_setting_has_its_type_default_and_description_in_the_schema(string name)
    {
        var setting = Property(name);
        var value = setting.GetValue(new RouteTracingSettings());
        var schema = Schema[name]!;

        Assert.False(string.IsNullOrWhiteSpace(schema["description"]?.GetValue<string>()));
        switch (value)
        {
            case null:
                Assert.Equal("string", schema["type"]!.GetValue<string>());
                Assert.Null(schema["default"]);
                break;
            case bool enabled:
                Assert.Equal("boolean", schema["type"]!.GetValue<string>());
                Assert.Equal(enabled, schema["default"]!.GetValue<bool>());
                break;
            case Enum choice:
                Assert.Equal("string", schema["type"]!.GetValue<string>());
                Assert.Equal(choice.ToString(), schema["default"]!.GetValue<string>());
                Assert.All(
                    Enum.GetNames(setting.PropertyType),
                    option => Assert.Contains(option, schema.ToJsonString(), StringComparison.Ordinal));
                break;
            default:
                Assert.Equal(["array", "string"], schema["type"]!.AsArray().GetValues<string>());
                Assert.Equal(Assert.IsType<IList<string>>(value, exactMatch: false), schema["default"]!.AsArray().GetValues<string>());
                break;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_section_sets_each_setting(string name)
    {
        var setting = Property(name);
        var unchanged = setting.GetValue(new RouteTracingSettings());
        var text = unchanged switch
        {
            bool enabled => (!enabled).ToString(),
            Enum => Enum.GetNames(setting.PropertyType).Last(),
            null => "0123456789abcdef",
            _ => "one,two",
        };
        object? value = null;
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => value = setting.GetValue(settings)),
            _ => { },
            new() { [$"Aspire:RouteTracing:{name}"] = text });

        if (unchanged is IList<string> list)
        {
            Assert.Equal([.. list, "one", "two"], Assert.IsType<IList<string>>(value, exactMatch: false));
        }
        else
        {
            Assert.Equal(text, value!.ToString());
        }
    }

    [Fact]
    public async Task A_value_of_the_wrong_type_fails_the_startup()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            _ => { },
            new() { ["Aspire:RouteTracing:ResponsePropagators"] = "Everything" }));

        Assert.Contains("'Everything' at 'Aspire:RouteTracing:ResponsePropagators'", exception.Message, StringComparison.Ordinal);
    }

    private static PropertyInfo Property(string name) => Settings.Single(setting => setting.Name == name);
}
