using Aspire.Hosting.RouteTracing.Tests.LiveList;

namespace Aspire.Hosting.RouteTracing.Tests.Variables;

/// <summary>A process inherits the variables of the AppHost, which are those of this process.</summary>
[CollectionDefinition(DisableParallelization = true)]
[Collection(typeof(InheritedListsTests))]
public sealed class InheritedListsTests : IDisposable
{
    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");

    public InheritedListsTests()
    {
        Environment.SetEnvironmentVariable(DotNetUrls, "of-the-shell");
        Environment.SetEnvironmentVariable(FlaskUrls, "of-flask");
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
            await model.AnswerAsync(orders, TestUrl, ("url", "/of-the-shell")),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_variable_of_the_resource_replaces_the_one_that_it_would_inherit()
    {
        var orders = _builder.AddProject<TestProject>("orders").WithEnvironment(DotNetUrls, "of-the-resource");
        await using var model = await TestModel.StartAsync(_builder);

        Assert.Equal("of-the-resource,everywhere", await TestModel.GetVariableAsync(orders, DotNetUrls));
    }

    [Fact]
    public async Task A_Python_service_keeps_the_list_of_one_instrumentation_that_it_inherits()
    {
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithOtlpExporter();
        await using var model = await TestModel.StartAsync(_builder);

        Assert.Equal("of-flask,everywhere", await TestModel.GetVariableAsync(reviews, FlaskUrls));
    }

    [Fact]
    public async Task A_container_inherits_nothing()
    {
        var app = _builder.AddContainer("app", "image").WithOtlpExporter();
        await using var model = await TestModel.StartAsync(_builder);

        var variables = await TestModel.GetVariablesAfterRestartAsync(app);
        Assert.Equal("everywhere", variables[DotNetUrls]);
        Assert.DoesNotContain(FlaskUrls, variables.Keys);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(DotNetUrls, null);
        Environment.SetEnvironmentVariable(FlaskUrls, null);
    }
}
