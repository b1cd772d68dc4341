using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

/// <summary>A resource that reads its list only at startup is restarted by an edit.</summary>
public sealed class RestartTests
{
    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder();
    private readonly IResourceBuilder<ExecutableResource> _reviews;

    public RestartTests() => _reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("a");

    [Theory]
    [InlineData("Starting", true)]
    [InlineData("NotStarted", true)]
    [InlineData("Exited", false)]
    public async Task An_edit_of_a_resource_with_variables_says_that_it_may_start_with_them(string state, bool mayStart)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_reviews);
        await model.SetStateAsync(_reviews, state);

        var result = await model.ExecuteAsync(_reviews, Edit, ("add", "b"));

        Assert.Equal(!mayStart, result.Success);
        Assert.StartsWith(
            mayStart
                ? "The list of 'reviews' is a, b. 'reviews' may start with the previous list. Restart it to apply this one."
                : "The list of 'reviews' is a, b. 'reviews' isn't running and reads the list when it starts.",
            result.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_starting_resource_without_its_variables_reads_the_edited_list()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await model.SetStateAsync(_reviews, KnownResourceStates.Starting);

        Assert.StartsWith(
            "The list of 'reviews' is a, b. 'reviews' isn't running and reads the list when it starts.",
            await model.AnswerAsync(_reviews, Edit, ("add", "b")),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resource_that_does_not_read_the_AppHosts_file_is_restarted()
    {
        var restarts = 0;
        var orders = _builder.AddProject<TestProject>("orders")
            .WithExcludedUrls("a")
            .WithEnvironment(ListFile, "/users.txt")
            .WithEnvironment(DotNetUrls, "hidden");
        await using var model = await RunAsync(orders, () => restarts++);

        var answer = await model.AnswerAsync(orders, Edit, ("patterns", "b"));

        Assert.Equal(
            "The list of 'orders' is b. 'orders' was restarted because it reads the list only at startup.\n"
                + "To keep the added patterns, declare them on 'orders': .WithExcludedUrls(\"b\")",
            answer);
        Assert.Equal(1, restarts);
        var restarted = await TestModel.GetVariablesAfterRestartAsync(orders);
        Assert.Equal("/users.txt", restarted[ListFile]);
        Assert.Equal("b", restarted[AspNetCoreUrls]);
    }

    [Fact]
    public async Task A_resource_in_another_language_is_restarted()
    {
        var restarts = 0;
        await using var model = await RunAsync(_reviews, () => restarts++);

        Assert.StartsWith(
            "The list of 'reviews' is a, b. 'reviews' was restarted because it reads the list only at startup.",
            await model.AnswerAsync(_reviews, Edit, ("add", "b")),
            StringComparison.Ordinal);
        Assert.Equal(1, restarts);
        Assert.Equal("a,b", await TestModel.GetUnresolvedAsync(_reviews, PythonUrls));
    }

    [Fact]
    public async Task Each_running_instance_is_restarted()
    {
        var restarts = 0;
        var orders = _builder.AddProject<TestProject>("replicated")
            .WithReplicas(2)
            .WithExcludedUrls("a")
            .WithEnvironment(ListFile, "/users.txt");
        await using var model = await RunAsync(orders, () => Interlocked.Increment(ref restarts));

        await model.AnswerAsync(orders, Edit, ("add", "b"));

        Assert.Equal(2, restarts);
    }

    [Theory]
    [InlineData("add", "a", false)]
    [InlineData("reset", "true", false)]
    [InlineData("patterns", "a", false)]
    [InlineData("remove", "of-orders", true)]
    public async Task An_edit_that_changes_nothing_restarts_nothing(string argument, string value, bool allResources)
    {
        var restarts = 0;
        _builder.AddProject<TestProject>("orders").WithExcludedUrls("of-orders");
        await using var model = await RunAsync(_reviews, () => restarts++);

        var answer = await model.AnswerAsync(_reviews, Edit, (argument, value), ("all-resources", $"{allResources}"));

        Assert.Contains("The list of 'reviews' is a. Nothing changed.", answer.Split('\n'));
        Assert.Equal(0, restarts);
        await model.AssertPropertyAsync(_reviews, "Set at startup: a.");
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public async Task A_container_is_restarted_by_an_edit_of_its_own_only(bool allResources, int expected)
    {
        var restarts = 0;
        var keycloak = _builder.AddContainer("keycloak", "image").WithExcludedUrls("a");
        await using var model = await RunAsync(keycloak, () => restarts++);

        var answer = await model.AnswerAsync(keycloak, Edit, ("add", "b"), ("all-resources", $"{allResources}"));

        Assert.Contains(
            allResources
                ? "The list of 'keycloak' is a, b. The container reads the list when it is restarted. A restart deletes the data "
                    + "that is not in a volume, so 'all-resources' restarts no container."
                : "The list of 'keycloak' is a, b. 'keycloak' was restarted because it reads the list only at startup.",
            answer.Split('\n'));
        Assert.Equal(expected, restarts);
    }

    [Fact]
    public async Task An_edit_during_a_restart_restarts_again()
    {
        var restarting = new TaskCompletionSource();
        var released = new TaskCompletionSource();
        var restarts = 0;
        await using var model = await RunAsync(_reviews, async (model, _) =>
        {
            restarts++;
            await model.SetStateAsync(_reviews, KnownResourceStates.Finished);
            await TestModel.GetVariablesAfterRestartAsync(_reviews);
            restarting.TrySetResult();
            await released.Task.WithinAMinute();
            await model.SetRunningAsync(_reviews);
        });

        var first = model.AnswerAsync(_reviews, Edit, ("add", "b"));
        await restarting.Task.WithinAMinute();
        var second = model.AnswerAsync(_reviews, Edit, ("add", "c"));
        released.SetResult();

        Assert.All(
            await Task.WhenAll(first, second),
            answer => Assert.Contains("'reviews' was restarted because", answer, StringComparison.Ordinal));
        Assert.Equal(2, restarts);
        await model.AssertPropertyAsync(_reviews, "Edited in this run. Set at startup: a, b, c.");
    }

    [Fact]
    public async Task An_edit_waits_until_the_restarted_resource_runs()
    {
        await using var model = await RunAsync(_reviews, (model, _) => model.SetStateAsync(_reviews, KnownResourceStates.Finished));

        var edit = model.FailAsync(_reviews, Edit, ("add", "b"));

        Assert.EndsWith(
            "'reviews' was restarted because it reads the list only at startup, but it isn't running yet.",
            await model.Time.PassUntilAsync(edit),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edit_does_not_take_the_old_process_for_the_restarted_one()
    {
        await using var model = await RunAsync(_reviews, () => { });
        await model.SetRunningAsync(_reviews, startedAt: new DateTime(2026, 11, 30, 0, 0, 0, DateTimeKind.Utc));

        Assert.EndsWith(
            "but it isn't running yet.",
            await model.Time.PassUntilAsync(model.FailAsync(_reviews, Edit, ("add", "b"))),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_canceled_edit_does_not_cancel_the_restart()
    {
        using var canceling = new CancellationTokenSource();
        var restarting = new TaskCompletionSource<CancellationToken>();
        var released = new TaskCompletionSource();
        await using var model = await RunAsync(_reviews, (_, cancellation) =>
        {
            restarting.TrySetResult(cancellation);
            return released.Task;
        });

        var edit = model.ExecuteAsync(_reviews, Edit, canceling.Token, ("add", "b"));
        var restart = await restarting.Task.WithinAMinute();
        await canceling.CancelAsync();

        Assert.True((await edit).Canceled);
        Assert.False(restart.IsCancellationRequested);
        released.SetResult();
    }

    [Fact]
    public async Task An_edit_whose_restart_takes_a_minute_fails()
    {
        var released = new TaskCompletionSource();
        await using var model = await RunAsync(_reviews, (_, _) => released.Task);

        var edit = model.FailAsync(_reviews, Edit, ("add", "b"));

        Assert.EndsWith(
            "'reviews' reads the list only at startup and is still restarting.",
            await model.Time.PassUntilAsync(edit, TimeSpan.FromSeconds(20)),
            StringComparison.Ordinal);
        released.SetResult();
    }

    [Fact]
    public async Task A_failed_restart_fails_the_edit()
    {
        await using var model = await RunAsync(_reviews, () => throw new InvalidOperationException());

        Assert.StartsWith(
            "The list of 'reviews' is a, b. 'reviews' reads the list only at startup and couldn't be restarted: ",
            await model.FailAsync(_reviews, Edit, ("add", "b")),
            StringComparison.Ordinal);
        await model.AssertPropertyAsync(_reviews, "Edited in this run. Set at startup: a. To be set at the next start: a, b.");
    }

    private Task<TestModel> RunAsync(IResourceBuilder<IResource> resource, Action restart) =>
        RunAsync(resource, (_, _) =>
        {
            restart();
            return Task.CompletedTask;
        });

    // Starts the AppHost with a running resource, whose restart command replaces Aspire's own, which needs its orchestrator.
    private async Task<TestModel> RunAsync(IResourceBuilder<IResource> resource, Func<TestModel, CancellationToken, Task> restart)
    {
        var model = await TestModel.StartAsync(_builder);
        resource.WithCommand(KnownResourceCommands.RestartCommand, "Restart", async context =>
        {
            await restart(model, context.CancellationToken);
            return CommandResults.Success();
        });
        await TestModel.GetVariablesAsync(resource);
        await model.SetRunningAsync(resource);
        return model;
    }
}
