using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests.ExcludedUrls;

public sealed class ExcludedUrlsTests
{
    public static TheoryData<DistributedApplicationOperation> Operations =>
        [DistributedApplicationOperation.Run, DistributedApplicationOperation.Publish];

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_project_gets_the_app_wide_list_and_its_own(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation);
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("client/.*/info", "healthcheck").WithExcludedUrls("x,y");
        var catalog = builder.AddProject<TestProject>("catalog");
        builder.WithExcludedUrls("^/alive$").WithExcludedUrls("healthcheck");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal(@"^/alive$,healthcheck,client/.*/info,x\,y", await TestModel.GetVariableAsync(orders, DotNetUrls));
        Assert.Equal("^/alive$,healthcheck", await TestModel.GetVariableAsync(catalog, DotNetUrls));
        Assert.Null(await TestModel.GetVariableAsync(orders, PythonUrls));
        Assert.Empty(model.Warnings);
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task The_order_of_calls_does_not_matter(DistributedApplicationOperation operation)
    {
        Action<IDistributedApplicationBuilder, IResourceBuilder<ProjectResource>>[] calls =
        [
            (builder, _) => builder.WithExcludedUrls("everywhere"),
            (_, orders) => orders.WithExcludedUrls("here"),
            (_, orders) => orders.WithEnvironment(DotNetUrls, "users"),
            (_, orders) => orders.WithEnvironment("OTHER", "1"),
        ];

        foreach (var order in Permutations(calls))
        {
            var builder = TestModel.CreateBuilder(operation);
            var orders = builder.AddProject<TestProject>("orders");
            foreach (var call in order)
            {
                call(builder, orders);
            }

            await using var model = await TestModel.StartAsync(builder);

            Assert.Equal("users,everywhere,here", await TestModel.GetVariableAsync(orders, DotNetUrls));
        }
    }

    [Fact]
    public async Task A_resources_list_is_in_its_variables_before_the_start()
    {
        var orders = TestModel.CreateBuilder().AddProject<TestProject>("orders").WithExcludedUrls("here");

        Assert.Equal("here", await TestModel.GetVariableAsync(orders, DotNetUrls));
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Variables_survive_an_evaluation_before_the_start(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation);
        var orders = builder.AddProject<TestProject>("orders")
            .WithEnvironment("OTHER", "1")
            .WithExcludedUrls("here")
            .WithEnvironment(DotNetUrls, "users");
        var before = await TestModel.GetVariablesAsync(orders);
        builder.WithExcludedUrls("everywhere");
        await using var model = await TestModel.StartAsync(builder);

        var after = await TestModel.GetVariablesAsync(orders);

        Assert.Equal("users,everywhere,here", after[DotNetUrls]);
        Assert.Equal("1", after["OTHER"]);
        string[] ofTheRun = [ListFile, StatusFolder];
        Assert.Equal(before.Keys.Order(), after.Keys.Except(ofTheRun).Order());
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_second_start_event_and_a_second_evaluation_change_nothing(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation).WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here", "here").WithEnvironment(DotNetUrls, "here,users");
        await using var model = await TestModel.StartAsync(builder);
        var first = await TestModel.GetVariablesAsync(orders);
        var annotations = orders.Resource.Annotations.Count;

        await model.PublishBeforeStartAsync(builder);

        Assert.Equal(first, await TestModel.GetVariablesAsync(orders));
        Assert.Equal("here,users,everywhere", first[DotNetUrls]);
        Assert.Equal(annotations, orders.Resource.Annotations.Count);
    }

    [Fact]
    public async Task Without_exclusions_nothing_is_set()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders");
        var bare = await TestModel.GetVariablesAsync(orders);
        orders.WithoutAppWideExclusions();
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal(bare, await TestModel.GetVariablesAsync(orders));
        Assert.DoesNotContain(orders.Resource.Annotations.OfType<ResourceCommandAnnotation>(), command => command.Name == TestUrl);
    }

    [Fact]
    public async Task An_empty_list_sets_nothing()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders");
        var bare = await TestModel.GetVariablesAsync(orders);
        builder.WithExcludedUrls();
        orders.WithExcludedUrls();
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal(bare, await TestModel.GetVariablesAsync(orders));
    }

    [Fact]
    public async Task WithoutAppWideExclusions_keeps_the_resources_own_list()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere").WithExcludedHealthChecks();
        var orders = builder.AddProject<TestProject>("orders")
            .WithHttpEndpoint(name: "http")
            .WithHttpHealthCheck("/health")
            .WithoutAppWideExclusions();
        var catalog = builder.AddProject<TestProject>("catalog").WithExcludedUrls("here").WithoutAppWideExclusions();
        var payments = builder.AddProject<TestProject>("payments")
            .WithHttpEndpoint(name: "http")
            .WithHttpHealthCheck("/health")
            .WithExcludedHealthChecks()
            .WithoutAppWideExclusions();
        await using var model = await TestModel.StartAsync(builder);

        Assert.Null(await TestModel.GetUnresolvedAsync(orders, DotNetUrls));
        Assert.Equal("here", await TestModel.GetVariableAsync(catalog, DotNetUrls));
        Assert.Equal("^/health/?$", await TestModel.GetUnresolvedAsync(payments, DotNetUrls));
    }

    [Fact]
    public async Task The_app_wide_list_is_for_resources_with_telemetry()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var silent = builder.AddContainer("silent", "image");
        var traced = builder.AddContainer("traced", "image").WithOtlpExporter();
        var asked = builder.AddContainer("asked", "image").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Empty(await TestModel.GetVariablesAsync(silent));
        Assert.Equal("everywhere", await TestModel.GetUnresolvedAsync(traced, DotNetUrls));
        Assert.Equal([DotNetUrls, PythonUrls], (await TestModel.GetVariablesAsync(asked)).Keys.Order(StringComparer.Ordinal));
        Assert.Equal("here", await TestModel.GetVariableAsync(asked, DotNetUrls));
    }

    [Fact]
    public async Task A_resource_that_is_added_in_OnBeforeStart_gets_the_list()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        builder.OnBeforeStart((_, _) =>
        {
            builder.AddProject<TestProject>("late").WithExcludedUrls("here");
            return Task.CompletedTask;
        });
        await using var model = await TestModel.StartAsync(builder);

        var late = builder.CreateResourceBuilder(Assert.Single(builder.Resources.OfType<ProjectResource>()));
        Assert.Equal("everywhere,here", await TestModel.GetVariableAsync(late, DotNetUrls));
    }

    [Fact]
    public async Task The_environment_is_evaluated_without_a_resource_in_the_context()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here").WithEnvironment(DotNetUrls, "users");
        await using var model = await TestModel.StartAsync(builder);
        var context = new EnvironmentCallbackContext(builder.ExecutionContext);

        foreach (var annotation in orders.Resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToArray())
        {
            await annotation.Callback(context);
        }

        Assert.Equal("users,everywhere,here", context.EnvironmentVariables[DotNetUrls]);
    }

    [Fact]
    public async Task The_longest_list_has_room_in_a_variable_of_Windows()
    {
        string[] patterns = [.. LongPatterns.Create('a', count: 31, length: 1_000), new('b', 969)];
        var builder = TestModel.CreateBuilder();
        var app = builder.AddContainer("app", "image")
            .WithExcludedUrls(patterns)
            .WithEnvironment("OTEL_PYTHON_AIOHTTP_SERVER_EXCLUDED_URLS", "");
        await using var model = await TestModel.StartAsync(builder);

        var variables = await TestModel.GetVariablesAsync(app);

        Assert.Equal([DotNetUrls, "OTEL_PYTHON_AIOHTTP_SERVER_EXCLUDED_URLS", PythonUrls], variables.Keys.Order(StringComparer.Ordinal));
        Assert.All(variables, variable => Assert.Equal(32_000, variable.Value.Length));
        Assert.All(variables, variable => Assert.InRange($"{variable.Key}={variable.Value}\0".Length, 32_000, 32_767));
    }

    private static IEnumerable<T[]> Permutations<T>(T[] items) =>
        items.Length < 2
            ? [items]
            : items.SelectMany(
                (item, index) => Permutations([.. items[..index], .. items[(index + 1)..]]).Select(rest => (T[])[item, .. rest]));
}
