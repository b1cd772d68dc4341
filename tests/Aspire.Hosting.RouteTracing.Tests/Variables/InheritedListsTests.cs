using Aspire.Hosting.RouteTracing.Tests.LiveList;

namespace Aspire.Hosting.RouteTracing.Tests.Variables;

/// <summary>A process inherits the variables of the AppHost, which are those of this process.</summary>
[CollectionDefinition(DisableParallelization = true)]
[Collection(typeof(InheritedListsTests))]
public sealed class InheritedListsTests : IDisposable
{
    private const string DotNet = "OTEL_DOTNET_EXCLUDED_URLS";
    private const string Flask = "OTEL_PYTHON_FLASK_EXCLUDED_URLS";

    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");

    public InheritedListsTests()
    {
        Environment.SetEnvironmentVariable(DotNet, "of-the-shell");
        Environment.SetEnvironmentVariable(Flask, "of-flask");
    }

    [Fact]
    public async Task A_project_keeps_the_list_that_it_inherits()
    {
        var orders = _builder.AddProject<TestProject>("orders");
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(orders);
        await model.SetRunningAsync(orders);

        Assert.Equal(["of-the-shell", "everywhere"], service.ReadList());
        await model.AssertPropertyAsync(orders, "In force: of-the-shell, everywhere.");
        Assert.Contains(
            "from OTEL_DOTNET_EXCLUDED_URLS.",
            await model.AnswerAsync(orders, "test-url", ("url", "/of-the-shell")),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_variable_of_the_resource_replaces_the_one_that_it_would_inherit()
    {
        var orders = _builder.AddProject<TestProject>("orders").WithEnvironment(DotNet, "of-the-resource");
        await using var model = await TestModel.StartAsync(_builder);

        Assert.Equal("of-the-resource,everywhere", await TestModel.GetVariableAsync(orders, DotNet));
    }

    [Fact]
    public async Task A_Python_service_keeps_the_list_of_one_instrumentation_that_it_inherits()
    {
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithOtlpExporter();
        await using var model = await TestModel.StartAsync(_builder);

        Assert.Equal("of-flask,everywhere", await TestModel.GetVariableAsync(reviews, Flask));
    }

    [Fact]
    public async Task A_container_inherits_nothing()
    {
        var app = _builder.AddContainer("app", "image").WithOtlpExporter();
        await using var model = await TestModel.StartAsync(_builder);

        var variables = await TestModel.GetVariablesAfterRestartAsync(app);
        Assert.Equal("everywhere", variables[DotNet]);
        Assert.DoesNotContain(Flask, variables.Keys);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(DotNet, null);
        Environment.SetEnvironmentVariable(Flask, null);
    }
}
