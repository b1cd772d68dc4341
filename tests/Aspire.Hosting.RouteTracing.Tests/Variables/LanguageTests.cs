using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests.Variables;

public sealed class LanguageTests
{
    public static TheoryData<DistributedApplicationOperation> Operations =>
        [DistributedApplicationOperation.Run, DistributedApplicationOperation.Publish];

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_container_and_an_executable_get_both_lists(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation).WithExcludedUrls("^/health$");
        IResourceBuilder<IResourceWithEnvironment>[] resources =
        [
            builder.AddContainer("container", "image").WithExcludedUrls("a,b"),
            builder.AddExecutable("executable", "./run", ".").WithExcludedUrls("a,b"),
        ];
        await using var model = await TestModel.StartAsync(builder);

        foreach (var resource in resources)
        {
            Assert.Equal(@"a\,b", await TestModel.GetVariableAsync(resource, DotNetUrls));
            Assert.Equal(@"a\x2cb", await TestModel.GetVariableAsync(resource, PythonUrls));
        }
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_Python_resource_gets_the_list_in_Pythons_syntax(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation).WithExcludedUrls("^/health$", @"\p{L}");
        var reviews = builder.AddExecutable("reviews", ".venv/bin/python", ".").WithOtlpExporter();
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("^[^:/?#]+://[^/?#]*/health(?![^?])", await TestModel.GetUnresolvedAsync(reviews, PythonUrls));
        Assert.Null(await TestModel.GetUnresolvedAsync(reviews, DotNetUrls));
        Assert.Equal(@"The pattern '\p{L}' can't be used in 'reviews': Python has no Unicode categories.", Assert.Single(model.Warnings));
    }

    [Theory]
    [InlineData("node", "JavaScript")]
    [InlineData("/usr/bin/java", "Java")]
    [InlineData("go", "Go")]
    [InlineData("cargo", "Rust")]
    public async Task A_warning_names_the_language_that_reads_no_list(string command, string language)
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var app = builder.AddExecutable("app", command, ".").WithOtlpExporter();
        await using var model = await TestModel.StartAsync(builder);

        var variables = await TestModel.GetVariablesAfterRestartAsync(app);

        Assert.StartsWith(
            $"The excluded URLs of 'app' were ignored because OpenTelemetry for {language} reads no list of excluded URLs.",
            Assert.Single(model.Warnings),
            StringComparison.Ordinal);
        Assert.DoesNotContain(variables.Keys, name => name.Contains("EXCLUDED_URLS", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_resource_without_the_app_wide_list_gets_no_warning()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        builder.AddExecutable("app", "node", ".").WithOtlpExporter().WithoutAppWideExclusions();
        await using var model = await TestModel.StartAsync(builder);

        Assert.Empty(model.Warnings);
    }

    [Fact]
    public async Task A_language_integration_is_recognized_by_the_type_of_its_resources()
    {
        var builder = TestModel.CreateBuilder();
        builder.AddResource(new NodeAppResource("web")).WithOtlpExporter().WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Contains("OpenTelemetry for JavaScript", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resource_that_is_published_as_a_container_keeps_its_language()
    {
        var builder = TestModel.CreateBuilder(DistributedApplicationOperation.Publish).WithExcludedUrls("everywhere");
        builder.AddProject<TestProject>("orders").PublishAsDockerFile();
        builder.AddExecutable("reviews", "python", ".").WithOtlpExporter().PublishAsDockerFile();
        builder.AddExecutable("web", "node", ".").WithOtlpExporter().PublishAsDockerFile();
        await using var model = await TestModel.StartAsync(builder);

        var lists = new Dictionary<string, string?[]>();
        foreach (var container in builder.Resources.OfType<ContainerResource>())
        {
            var variables = await TestModel.GetVariablesAsync(builder.CreateResourceBuilder(container));
            lists[container.Name] = [variables.GetValueOrDefault(DotNetUrls), variables.GetValueOrDefault(PythonUrls)];
        }

        Assert.Equal(["everywhere", null], lists["orders"]);
        Assert.Equal([null, "everywhere"], lists["reviews"]);
        Assert.Equal([null, null], lists["web"]);
        Assert.Contains("'web' were ignored because OpenTelemetry for JavaScript", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    private sealed class NodeAppResource(string name) : ExecutableResource(name, "custom", ".");
}
