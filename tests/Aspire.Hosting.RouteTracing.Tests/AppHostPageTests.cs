using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.Tests.LiveList;
using Aspire.Hosting.RouteTracing.Variables;
using Aspire.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>The code, the commands and the tables of docs/apphost.md are true.</summary>
public sealed partial class AppHostPageTests
{
    private const string Update = "UPDATE_SNAPSHOTS";

    private static readonly string Document = Path.Combine(Repository.Root, "docs/apphost.md");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("docs/apphost.md")]
    [InlineData("README.md")]
    [InlineData("src/Aspire.Hosting.RouteTracing/README.md")]
    public async Task The_code_of_the_document_compiles(string document)
    {
        var compiled = WithoutIndents(await ReadAsync("tests/Aspire.Hosting.RouteTracing.Tests/AppHostPage.cs"));

        // What README.md has for a service is compiled with the tests of the client package.
        var blocks = Block("csharp").Matches(await ReadAsync(document))
            .Select(block => block.Groups["text"].Value)
            .Where(block => document != "README.md" || block.Contains("WithExcluded", StringComparison.Ordinal))
            .ToArray();

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(WithoutIndents(block), compiled, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_commands_of_the_document_answer_what_it_says()
    {
        var builder = TestModel.CreateBuilder();
        AppHostPage.Quiet(builder);
        IResourceBuilder<ProjectResource>[] projects =
            [builder.AddProject<Projects.Shop_Orders>("orders"), builder.AddProject<Projects.Shop_Storefront>("storefront")];
        var resources = projects.ToDictionary(
            resource => resource.Resource.Name, resource => resource.WithHttpEndpoint(name: "http").WithHttpHealthCheck("/ready"));
        await using var model = await TestModel.StartAsync(builder);
        await using var orders = await TestService.StartAsync(resources["orders"], change: ReportRoutes);
        await using var storefront = await TestService.StartAsync(resources["storefront"], change: ReportRoutes);
        await Task.WhenAll(resources.Values.Select(resource => model.SetRunningAsync(resource)));

        var commands = Command().Matches(await ReadAsync("docs/apphost.md")).ToArray();

        Assert.NotEmpty(commands);
        foreach (var command in commands)
        {
            var options = Option().Matches(command.Groups["options"].Value)
                .Select(option => (option.Groups["name"].Value, GetValue(option)));
            var resource = resources[command.Groups["resource"].Value];
            var result = await model.ExecuteAsync(resource, command.Groups["command"].Value, [.. options]);
            Assert.Equal(command.Groups["answer"].Value.Replace("\n# ", "\n", StringComparison.Ordinal), result.Data?.Value);
        }
    }

    [Fact]
    public async Task The_document_asks_for_the_Aspire_CLI_of_the_version_that_is_used()
    {
        var version = typeof(DistributedApplication).Assembly.GetName().Version!.ToString(2);

        Assert.Contains($"[Aspire CLI](https://aspire.dev) {version},", await ReadAsync("docs/apphost.md"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_table_of_variables_is_what_the_resources_get()
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

        var columns = new List<IReadOnlyDictionary<string, object>>();
        foreach (var resource in resources)
        {
            columns.Add(await TestModel.GetVariablesAfterRestartAsync(resource));
        }

        var names = typeof(VariableNames).GetFields()
            .Select(field => field.GetValue(null))
            .OfType<string>()
            .Where(name => columns.Any(variables => variables.ContainsKey(name)))
            .OrderBy(name => name.StartsWith("Aspire", StringComparison.Ordinal))
            .ThenBy(name => name, StringComparer.Ordinal);
        await AssertTableAsync(
            "Variable",
            names.Select(name =>
                (string[])[$"`{name}`", .. columns.Select(variables => Describe(name, variables.GetValueOrDefault(name)))]));
    }

    [Fact]
    public async Task The_table_of_targets_is_what_they_would_change()
    {
        (string Name, VariableCarrier Carrier)[] targets =
        [
            ("Aspire's manifest", VariableCarrier.Manifest),
            ("Docker Compose", VariableCarrier.DockerCompose),
            ("Kubernetes", VariableCarrier.Kubernetes),
            ("any other", VariableCarrier.Unknown),
        ];
        string[] texts = [.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => ((char)code).ToString()), "{{", "é"];

        await AssertTableAsync("Target", targets.Select(target =>
        {
            var changed = texts.Where(target.Carrier.Changes).ToArray();

            // A text is named by its shortest part that is changed.
            var shortest = changed.Where(text => !changed.Any(other => other != text && text.Contains(other, StringComparison.Ordinal)));
            return (string[])[target.Name, string.Join(' ', shortest.Select(DescribeText))];
        }));
    }

    [Fact]
    public async Task The_table_of_the_property_has_its_states()
    {
        var table = FindTable(await ReadAsync("docs/apphost.md"), "Property").Value;
        string[] documented = [.. State().Matches(table).Select(state => state.Groups["name"].Value)];

        var shown = await GetStatesAsync();

        Assert.All(documented, name => Assert.Contains(shown, text => text.Contains(name, StringComparison.Ordinal)));
        Assert.All(shown, text => Assert.Contains(documented, name => text.StartsWith(name, StringComparison.Ordinal)));
    }

    /// <summary>Returns what the property shows while the processes of a service report one thing after another.</summary>
    private static async Task<IReadOnlyList<string>> GetStatesAsync()
    {
        var builder = TestModel.CreateBuilder().WithExcludedHealthChecks();
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("a");
        var worker = builder.AddProject<TestProject>("worker");
        var python = builder.AddExecutable("python", "python3", ".").WithExcludedUrls("a");
        await using var model = await TestModel.StartAsync(builder);
        using var other = ChildProcess.Start();
        await using var first = await TestService.CreateAsync(orders);
        await using var second = await TestService.CreateAsync(orders, other.Process);
        var read = first.CreateStatus(["a"]);

        await model.SetRunningAsync(worker);
        await model.SetRunningAsync(python);
        var states = new List<string> { model.GetProperty(orders)!, model.GetProperty(worker)!, model.GetProperty(python)! };
        await model.SetRunningAsync(orders);
        await AddAsync();
        model.Time.Advance(TimeSpan.FromSeconds(31));
        await AddAsync();
        await AddReportAsync(read);
        await AddReportAsync(read with { Items = [] });
        await AddReportAsync(read with { FileItems = [] });
        await AddReportAsync(read with { Enabled = false });
        second.Report();
        await AddReportAsync(read with { FileItems = [] });
        File.Delete(first.StatusPath);
        File.Delete(second.StatusPath);
        await AddAsync();
        return states;

        Task AddReportAsync(ServiceStatus status)
        {
            OwnerOnlyFile.Replace(first.StatusPath, status.ToJson());
            return AddAsync();
        }

        async Task AddAsync()
        {
            await TestModel.RefreshAsync(orders);
            states.Add(model.GetProperty(orders)!);
        }
    }

    /// <summary>Reports the routes of both services of the document: two health checks, and two routes of their own.</summary>
    private static ServiceStatus ReportRoutes(ServiceStatus status)
    {
        (string Name, string Path)[] routes =
            [("/health", "/health"), ("/alive", "/alive"), ("GET /ready", "/ready"), ("GET /orders/{id:int}", "/orders/1")];
        return status with
        {
            RouteCount = routes.Length,
            ExcludedRoutes =
            [
                .. routes.Where(route => status.Items.Any(item => Regex.IsMatch(route.Path, item.Pattern))).Select(route => route.Name),
            ],
        };
    }

    private static string GetValue(Match option) =>
        option.Groups["value"] is { Success: true, Value: var value } ? value.Trim('\'') : "true";

    private static string Describe(string name, object? value) => (name, value) switch
    {
        (_, null) => "",
        _ when name == VariableNames.ExclusionsFile => "a file with the list, which replaces `OTEL_DOTNET_EXCLUDED_URLS`",
        _ when name == VariableNames.StatusFolder => "the folder in which the service reports the list that it uses",
        _ => $"`{value}`",
    };

    private static string DescribeText(string text) => text switch
    {
        "|" => @"`\|`",
        "`" => "`` ` ``",
        "é" => "letters beyond ASCII",
        _ => $"`{text}`",
    };

    /// <summary>Asserts the rows of the table whose first column has this name.</summary>
    private static async Task AssertTableAsync(string firstColumn, IEnumerable<string[]> rows)
    {
        var text = await ReadAsync("docs/apphost.md");
        var table = FindTable(text, firstColumn);
        var expected = string.Concat(rows.Select(row => $"|{string.Concat(row.Select(cell => cell is "" ? " |" : $" {cell} |"))}\n"));
        if (Environment.GetEnvironmentVariable(Update) == "1")
        {
            await File.WriteAllTextAsync(Document, text.Remove(table.Index, table.Length).Insert(table.Index, expected), Cancellation);
            return;
        }

        Assert.True(
            expected == table.Value,
            $"The table '{firstColumn}' of docs/apphost.md should have these rows; {Update}=1 has this test write them.\n{expected}");
    }

    private static Group FindTable(string text, string firstColumn) =>
        Regex.Match(text, $@"^\| {firstColumn} .*\n\|[- |]*\n(?<rows>(\|.*\n)*)", RegexOptions.Multiline).Groups["rows"];

    private static async Task<string> ReadAsync(string path) =>
        (await File.ReadAllTextAsync(Path.Combine(Repository.Root, path), Cancellation)).ReplaceLineEndings("\n");

    private static string WithoutIndents(string code) => Indent().Replace(code.ReplaceLineEndings("\n"), "");

    private static Regex Block(string language) =>
        new($"^```{language}\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline);

    [GeneratedRegex(
        @"^aspire resource (?<resource>\S+) (?<command>\S+)(?<options>.*)\n# (?<answer>.*(?:\n# .*)*)$", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"--(?<name>\S+)(?: (?<value>'[^']*'|[^-]\S*))?")]
    private static partial Regex Option();

    [GeneratedRegex(@"^\| \*(?<name>[^*]+)\* \|", RegexOptions.Multiline)]
    private static partial Regex State();

    [GeneratedRegex("^ +", RegexOptions.Multiline)]
    private static partial Regex Indent();
}
