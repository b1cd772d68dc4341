using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.LiveList;
using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

public sealed class LiveListTests
{
    // Aspire's orchestrator, another one, has started only when no resource waits any more.
    [Fact]
    public void The_monitor_is_the_first_hosted_service()
    {
        var builder = TestModel.CreateBuilder();
        builder.WithExcludedUrls("here");

        Assert.Equal(
            typeof(LiveListMonitor),
            builder.Services.First(service => service.ServiceType == typeof(IHostedService)).ImplementationType);
    }

    [Fact]
    public async Task A_resource_that_a_later_subscriber_adds_has_list_property_and_commands()
    {
        var builder = TestModel.CreateBuilder();
        builder.WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);
        var late = builder.AddProject<TestProject>("late").WithEnvironment(DotNetUrls, "own");

        await builder.Eventing.PublishAsync(
            new BeforeResourceStartedEvent(late.Resource, model.Services), TestContext.Current.CancellationToken);

        await using var service = await TestService.StartAsync(late);
        await model.SetRunningAsync(late);
        Assert.Equal(["own", "here"], service.ReadList());
        await model.AssertPropertyAsync(late, "In force: own, here.");
        Assert.Equal("parentbased_always_on", await TestModel.GetUnresolvedAsync(late, Sampler));
        Assert.Contains("'here'", await model.AnswerAsync(late, TestUrl, ("url", "/here")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_project_gets_a_file_with_its_whole_list()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var users = builder.AddParameter("users", "from-a-parameter,a\\,b");
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here").WithEnvironment(DotNetUrls, users);
        string path;
        await using (var model = await TestModel.StartAsync(builder))
        {
            var variables = await TestModel.GetVariablesAsync(orders);
            path = variables[ListFile];

            Assert.Equal(["from-a-parameter", "a,b", "everywhere", "here"], Read(path));
            Assert.Equal(["from-a-parameter", "a,b", "everywhere", "here"], ExclusionListFormat.Parse(variables[DotNetUrls], out _));
            Assert.Equal(Path.GetDirectoryName(path), variables[StatusFolder]);
        }

        Assert.False(Path.Exists(Path.GetDirectoryName(path)));
    }

    [Fact]
    public async Task Publishing_adds_nothing_of_run_mode()
    {
        var builder = TestModel.CreateBuilder(DistributedApplicationOperation.Publish);
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);

        var variables = await TestModel.GetVariablesAsync(orders);

        Assert.False(variables.ContainsKey(ListFile));
        Assert.False(variables.ContainsKey(StatusFolder));
        Assert.DoesNotContain(orders.Resource.Annotations.OfType<ResourceCommandAnnotation>(), command => IsOurs(command.Name));
    }

    [Fact]
    public async Task Other_containers_and_executables_get_no_file()
    {
        var builder = TestModel.CreateBuilder();
        var container = builder.AddContainer("container", "image").WithExcludedUrls("here");
        var executable = builder.AddExecutable("executable", "./run", ".").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Null(await TestModel.GetVariableAsync(container, ListFile));
        Assert.Null(await TestModel.GetVariableAsync(executable, ListFile));
    }

    [Fact]
    public async Task A_persistent_resource_gets_the_same_variables_in_each_run()
    {
        var runs = new List<object?[]>();
        for (var run = 0; run < 2; run++)
        {
            var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
            var container = builder.AddContainer("container", "image").WithOtlpExporter().WithLifetime(ContainerLifetime.Persistent);
#pragma warning disable ASPIREPERSISTENCE001
            var orders = builder.AddProject<TestProject>("orders").WithPersistentLifetime();
#pragma warning restore ASPIREPERSISTENCE001
            await using var model = await TestModel.StartAsync(builder);
            var variables = await TestModel.GetVariablesAsync(orders);

            Assert.Equal("everywhere", variables[DotNetUrls]);
            runs.Add([.. variables.Select(variable => (object)variable), await TestModel.GetUnresolvedAsync(container, DotNetUrls)]);
        }

        Assert.Equal(runs[0], runs[1]);
    }

    [Theory]
    [InlineData("session", true)]
    [InlineData("persistent", false)]
    [InlineData("parent process", false)]
    [InlineData("other resource", false)]
    public async Task Only_a_resource_that_ends_with_the_run_follows_the_file(string lifetime, bool follows)
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders");
#pragma warning disable ASPIREPERSISTENCE001
        _ = lifetime switch
        {
            "session" => orders.WithSessionLifetime(),
            "persistent" => orders.WithPersistentLifetime(),
            "parent process" => orders.WithParentProcessLifetime(Environment.ProcessId),
            _ => orders.WithLifetimeOf(builder.AddContainer("container", "image")),
        };
#pragma warning restore ASPIREPERSISTENCE001
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal(follows, (await TestModel.GetVariablesAsync(orders)).ContainsKey(ListFile));
    }

    [Fact]
    public async Task An_edited_list_survives_a_restart_of_the_resource()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders").WithEnvironment(DotNetUrls, "users");
        await using var model = await TestModel.StartAsync(builder);
        var path = (await TestModel.GetVariablesAsync(orders))[ListFile];

        await model.AnswerAsync(orders, Edit, ("patterns", "^/a$,b"));

        Assert.Equal(["^/a$", "b"], Read(path));
        Assert.Equal("^/a$,b", (await TestModel.GetVariablesAfterRestartAsync(orders))[DotNetUrls]);
        Assert.Equal(["^/a$", "b"], Read(path));
    }

    [Fact]
    public async Task A_value_that_cannot_be_read_is_warned_of()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here").WithEnvironment(DotNetUrls, "base64:%");
        await using var model = await TestModel.StartAsync(builder);
        await TestModel.GetVariablesAsync(orders);

        Assert.Equal(
            "Not running: here. The value of OTEL_DOTNET_EXCLUDED_URLS in 'orders' could not be read and was ignored: What follows "
            + "'base64:' is not base64.",
            model.GetProperty(orders));
    }

    [Fact]
    public async Task A_bad_item_of_the_user_is_warned_of_and_not_in_the_file()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here").WithEnvironment(DotNetUrls, "(bad,good");
        await using var model = await TestModel.StartAsync(builder);
        var path = (await TestModel.GetVariablesAsync(orders))[ListFile];
        const string warning =
            "The item '(bad' of OTEL_DOTNET_EXCLUDED_URLS in 'orders' is invalid and was ignored: Invalid pattern '(bad' at offset 4. "
            + "Not enough )'s.";

        Assert.Equal(["good", "here"], Read(path));
        Assert.Equal([warning], model.Warnings);
        Assert.Equal($"Not running: good, here. {warning}", model.GetProperty(orders));
    }

    [Fact]
    public async Task A_user_command_with_the_same_name_is_kept()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders")
            .WithCommand(TestUrl, "The user's", _ => Task.FromResult(CommandResults.Success("The user's")));
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("The user's", (await model.ExecuteAsync(orders, TestUrl)).Message);
        await model.AnswerAsync(orders, Edit, ("patterns", "a"));
    }

    [Fact]
    public async Task A_resource_that_reads_no_list_has_no_commands()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var web = builder.AddExecutable("web", "node", ".").WithOtlpExporter();
        await using var model = await TestModel.StartAsync(builder);

        Assert.DoesNotContain(web.Resource.Annotations.OfType<ResourceCommandAnnotation>(), command => IsOurs(command.Name));
    }

    [Fact]
    public async Task A_resource_in_which_nothing_is_excluded_has_no_commands()
    {
        var builder = TestModel.CreateBuilder();
        var catalog = builder.AddProject<TestProject>("catalog");
        builder.AddProject<TestProject>("orders").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);

        Assert.DoesNotContain(catalog.Resource.Annotations.OfType<ResourceCommandAnnotation>(), command => IsOurs(command.Name));
    }

    private static bool IsOurs(string command) => command is TestUrl or Edit;

    private static IReadOnlyList<string> Read(string path) => ExclusionListFormat.Parse(File.ReadAllText(path), out _);
}
