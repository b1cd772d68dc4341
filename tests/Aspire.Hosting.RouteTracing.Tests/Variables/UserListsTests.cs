using Aspire.Hosting.ApplicationModel;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Tests.Variables;

public sealed class UserListsTests
{
    private readonly IDistributedApplicationBuilder _published = TestModel.CreateBuilder(DistributedApplicationOperation.Publish);

    [Fact]
    public async Task A_list_is_joined_to_an_encoded_value()
    {
        var orders = _published.AddProject<TestProject>("orders")
            .WithExcludedUrls("b", "c")
            .WithEnvironment(DotNetUrls, ExclusionListFormat.WriteBase64(["a,a", "b"]));
        await using var model = await TestModel.StartAsync(_published);

        Assert.Equal(@"a\,a,b,c", await TestModel.GetVariableAsync(orders, DotNetUrls));
    }

    [Fact]
    public async Task A_list_that_has_every_pattern_is_left_as_the_user_wrote_it()
    {
        var orders = _published.AddProject<TestProject>("orders").WithExcludedUrls("a").WithEnvironment(DotNetUrls, " b , a,, ");
        await using var model = await TestModel.StartAsync(_published);

        Assert.Equal(" b , a,, ", await TestModel.GetVariableAsync(orders, DotNetUrls));
    }

    [Fact]
    public async Task A_value_known_when_deployed_sends_the_list_to_the_next_variable()
    {
        var users = _published.AddParameter("users", "u");
        var orders = _published.AddProject<TestProject>("orders").WithExcludedUrls("a").WithEnvironment(DotNetUrls, users);
        await using var model = await TestModel.StartAsync(_published);

        var variables = await TestModel.GetVariablesAfterRestartAsync(orders);

        Assert.IsType<ParameterResource>(variables[DotNetUrls], exactMatch: false);
        Assert.Equal("a", variables[AspNetCoreUrls]);
    }

    [Fact]
    public async Task A_value_that_cannot_be_read_sends_the_list_to_the_next_variable()
    {
        var users = _published.AddParameter("users", "u");
        var orders = _published.AddProject<TestProject>("orders")
            .WithExcludedUrls("a")
            .WithEnvironment(DotNetUrls, "base64:*")
            .WithEnvironment(AspNetCoreUrls, users)
            .WithEnvironment(SettingsUrls, "b");
        await using var model = await TestModel.StartAsync(_published);

        var variables = await TestModel.GetVariablesAfterRestartAsync(orders);

        Assert.Equal("base64:*", variables[DotNetUrls]);
        Assert.Equal("b,a", variables[SettingsUrls]);
    }

    [Fact]
    public async Task A_project_without_a_variable_for_the_list_gets_one_warning()
    {
        var users = _published.AddParameter("users", "u");
        var orders = _published.AddProject<TestProject>("orders")
            .WithExcludedUrls("a")
            .WithEnvironment(DotNetUrls, users)
            .WithEnvironment(AspNetCoreUrls, users)
            .WithEnvironment(SettingsUrls, users);
        await using var model = await TestModel.StartAsync(_published);

        await TestModel.GetVariablesAfterRestartAsync(orders);
        await TestModel.GetVariablesAfterRestartAsync(orders);

        Assert.StartsWith("The excluded URLs of 'orders' were ignored because ", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DistributedApplicationOperation.Run)]
    [InlineData(DistributedApplicationOperation.Publish)]
    public async Task A_user_supplied_exclusions_file_is_kept(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation).WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders").WithEnvironment(ListFile, "/users.txt");
        await using var model = await TestModel.StartAsync(builder);

        var variables = await TestModel.GetVariablesAsync(orders);

        Assert.Equal("/users.txt", variables[ListFile]);
        Assert.Equal("everywhere", variables[AspNetCoreUrls]);
        Assert.False(variables.ContainsKey(DotNetUrls));
    }

    [Theory]
    [InlineData(DistributedApplicationOperation.Run)]
    [InlineData(DistributedApplicationOperation.Publish)]
    public async Task Every_variable_that_replaces_the_general_one_for_Python_gets_the_list(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation);
        var reviews = builder.AddExecutable("reviews", "python", ".")
            .WithExcludedUrls("a")
            .WithEnvironment(FlaskUrls, "mine")
            .WithEnvironment(FastApiUrls, "a , b");
        await using var model = await TestModel.StartAsync(builder);

        var variables = await TestModel.GetVariablesAsync(reviews);

        Assert.Equal("a", variables[PythonUrls]);
        Assert.Equal("mine,a", variables[FlaskUrls]);
        Assert.Equal("a , b", variables[FastApiUrls]);
    }

    [Fact]
    public async Task The_list_of_a_Python_client_is_left_alone()
    {
        var builder = TestModel.CreateBuilder();
        var reviews = builder.AddExecutable("reviews", "python", ".")
            .WithExcludedUrls("^/health$")
            .WithEnvironment("OTEL_PYTHON_REQUESTS_EXCLUDED_URLS", "telemetry");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("telemetry", await TestModel.GetVariableAsync(reviews, "OTEL_PYTHON_REQUESTS_EXCLUDED_URLS"));
        await model.AnswerAsync(reviews, Edit, ("patterns", "a"));
        Assert.Equal("telemetry", await TestModel.GetUnresolvedAsync(reviews, "OTEL_PYTHON_REQUESTS_EXCLUDED_URLS"));
    }

    [Fact]
    public async Task Appending_to_a_parameter_for_Python_warns_about_an_empty_value()
    {
        var users = _published.AddParameter("users", "");
        var reviews = _published.AddExecutable("reviews", "python", ".").WithExcludedUrls("a{1}", "b").WithEnvironment(PythonUrls, users);
        await using var model = await TestModel.StartAsync(_published);

        var value = Assert.IsType<ReferenceExpression>(await TestModel.GetUnresolvedAsync(reviews, PythonUrls));

        Assert.Equal(",a,b", await value.GetValueAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith(
            "If 'reviews' is deployed with an empty value of OTEL_PYTHON_EXCLUDED_URLS",
            Assert.Single(model.Warnings),
            StringComparison.Ordinal);
    }
}
