using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.Variables;

namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>docs/apphost.md: its code compiles, its commands answer what it says, and its tables are what a real model is told.</summary>
public sealed partial class AppHostPageTests
{
    private const string Update = "UPDATE_SNAPSHOTS";

    private static readonly string Document = Path.Combine(Repository.Root, "docs/apphost.md");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("docs/apphost.md")]
    [InlineData("README.md")]
    [InlineData("src/Aspire.Hosting.RouteTracing/README.md")]
    public async Task Its_code_is_compiled_here_and_that_of_the_READMEs(string document)
    {
        var compiled = WithoutIndents(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests/Aspire.Hosting.RouteTracing.Tests/AppHostPage.cs"), Cancellation));

        // What README.md has for a service is compiled with the tests of the client package.
        var text = (await File.ReadAllTextAsync(Path.Combine(Repository.Root, document), Cancellation)).ReplaceLineEndings("\n");
        var blocks = Block("csharp").Matches(text).Select(block => block.Groups["text"].Value).Where(block => document != "README.md" || block.Contains("WithExcluded", StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(WithoutIndents(block), compiled, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Its_commands_answer_what_it_says()
    {
        var builder = TestModel.CreateBuilder();
        AppHostPage.Quiet(builder);
        var resources = new[] { builder.AddProject<Projects.Shop_Orders>("orders"), builder.AddProject<Projects.Shop_Storefront>("storefront") }
            .ToDictionary(resource => resource.Resource.Name, resource => resource.WithHttpEndpoint(name: "http").WithHttpHealthCheck("/ready"));
        await using var model = await TestModel.StartAsync(builder);
        await Task.WhenAll(resources.Values.Select(model.SetRunningAsync));

        var commands = Command().Matches(await ReadDocumentAsync()).ToArray();

        Assert.NotEmpty(commands);
        foreach (var command in commands)
        {
            (string, string)[] options = [.. Option().Matches(command.Groups["options"].Value).Select(option => (option.Groups["name"].Value, option.Groups["value"] is { Success: true, Value: var value } ? value.Trim('\'') : "true"))];
            var result = await model.ExecuteAsync(resources[command.Groups["resource"].Value], command.Groups["command"].Value, options);
            Assert.Equal(command.Groups["answer"].Value, result.Success ? result.Data?.Value : TestModel.GetErrors(result));
        }
    }

    [Fact]
    public async Task It_asks_for_the_Aspire_CLI_of_the_version_that_this_package_is_built_with()
    {
        var version = typeof(DistributedApplication).Assembly.GetName().Version!.ToString(2);

        Assert.Contains($"[Aspire CLI](https://aspire.dev) {version},", await ReadDocumentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_table_of_variables_is_what_the_resources_are_told()
    {
        var builder = TestModel.CreateBuilder();
        IResourceBuilder<IResource>[] resources =
        [
            builder.AddProject<TestProject>("project"),
            builder.AddExecutable("python", "python3", ".").WithOtlpExporter(),
            builder.AddExecutable("other", "./other", ".").WithOtlpExporter(),
            builder.AddExecutable("node", "node", ".").WithOtlpExporter(),
        ];
        AppHostPage.More(builder);
        await using var model = await TestModel.StartAsync(builder);

        var told = new List<IReadOnlyDictionary<string, string>>();
        foreach (var resource in resources)
        {
            told.Add(await GetStringsAsync(resource));
        }

        string[] names = [.. typeof(VariableNames).GetFields().Select(field => field.GetRawConstantValue()).OfType<string>().Where(name => told.Any(variables => variables.ContainsKey(name)))];
        await AssertTableAsync("Variable", names.Select(name => (string[])[$"`{name}`", .. told.Select(variables => variables.TryGetValue(name, out var value) ? Describe(name, value) : "")]));
    }

    [Fact]
    public async Task Its_table_of_targets_is_what_they_do_not_carry_as_it_is()
    {
        (string Name, VariableCarriers Carriers)[] targets =
        [
            ("Aspire's manifest", VariableCarriers.Manifest), ("Docker Compose", VariableCarriers.DockerCompose), ("Kubernetes", VariableCarriers.Kubernetes), ("any other", VariableCarriers.Unknown),
        ];
        string[] texts = [.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => ((char)code).ToString()), "{{", "é"];

        await AssertTableAsync("Target", targets.Select(target =>
        {
            var lost = texts.Where(text => !target.Carriers.Preserve(text)).ToArray();
            // A text is said by its shortest part that is lost.
            lost = [.. lost.Where(text => !lost.Any(other => other != text && text.Contains(other, StringComparison.Ordinal)))];
            return (string[])[target.Name, string.Join(' ', lost.Select(text => text switch { "|" => @"`\|`", "`" => "`` ` ``", "é" => "letters beyond ASCII", _ => $"`{text}`" }))];
        }));
    }

    private static async Task<IReadOnlyDictionary<string, string>> GetStringsAsync(IResourceBuilder<IResource> resource) =>
        (await TestModel.GetVariablesAfterRestartAsync(resource)).Where(variable => variable.Value is string).ToDictionary(variable => variable.Key, variable => (string)variable.Value);

    private static string Describe(string name, string value) => name switch
    {
        VariableNames.ExclusionKey => "a secret, new in each run",
        VariableNames.ExclusionsFile => "a file with the list, in place of the first",
        _ => $"`{value}`",
    };

    /// <summary>The table that starts with a column of this name has these rows.</summary>
    private static async Task AssertTableAsync(string firstColumn, IEnumerable<string[]> rows)
    {
        var text = await ReadDocumentAsync();
        var table = Regex.Match(text, $@"^\| {firstColumn} .*\n\|[- |]*\n(?<rows>(\|.*\n)*)", RegexOptions.Multiline).Groups["rows"];
        var expected = string.Concat(rows.Select(row => $"|{string.Concat(row.Select(cell => cell is "" ? " |" : $" {cell} |"))}\n"));
        if (Environment.GetEnvironmentVariable(Update) == "1")
        {
            await File.WriteAllTextAsync(Document, text.Remove(table.Index, table.Length).Insert(table.Index, expected), Cancellation);
            return;
        }

        Assert.True(expected == table.Value, $"The table '{firstColumn}' of docs/apphost.md should have these rows; {Update}=1 has this test write them.\n{expected}");
    }

    private static async Task<string> ReadDocumentAsync() => (await File.ReadAllTextAsync(Document, Cancellation)).ReplaceLineEndings("\n");

    private static string WithoutIndents(string code) => Indent().Replace(code.ReplaceLineEndings("\n"), "");

    private static Regex Block(string language) => new($"^```{language}\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline);

    [GeneratedRegex(@"^aspire resource (?<resource>\S+) (?<command>\S+) (?<options>.*)\n# (?<answer>.*)$", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"--(?<name>\S+)(?: (?<value>'[^']*'|[^-]\S*))?")]
    private static partial Regex Option();

    [GeneratedRegex("^ +", RegexOptions.Multiline)]
    private static partial Regex Indent();
}
