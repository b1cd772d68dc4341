using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

public sealed class ConfirmationTests
{
    private const string Edit = "edit-excluded-urls";

    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder();
    private readonly IResourceBuilder<ProjectResource> _orders;

    public ConfirmationTests() => _orders = _builder.AddProject<TestProject>("orders").WithExcludedUrls("a");

    [Fact]
    public async Task An_edit_answers_that_the_service_has_confirmed_it()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        await model.SetRunningAsync(_orders);

        Assert.Equal("'orders' excludes a, b. The service has confirmed it.", await model.AnswerAsync(_orders, Edit, ("add", "b")));
        Assert.Equal("'orders' excludes a. The service has confirmed it.", await model.AnswerAsync(_orders, Edit, ("reset", "true")));
    }

    [Fact]
    public async Task An_edit_of_a_service_without_a_report_asks_for_AddRouteTracing()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_orders);
        await model.SetRunningAsync(_orders);

        Assert.Equal(
            "'orders' excludes a, b. This is the AppHost's list, not read by 'orders': does it call AddRouteTracing()?",
            await model.FailAsync(_orders, Edit, ("add", "b")));
    }

    [Fact]
    public async Task An_edit_answers_that_the_service_still_uses_another_list()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        service.Report();
        await model.SetRunningAsync(_orders);

        Assert.Equal(
            "'orders' excludes a, b. This is the AppHost's list; 0 of 1 processes confirmed it within 2 seconds.",
            await model.FailAsync(_orders, Edit, ("add", "b")));
    }

    [Fact]
    public async Task An_edit_answers_that_route_tracing_is_disabled()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders, change: status => status with { Enabled = false });
        await model.SetRunningAsync(_orders);

        Assert.Equal(
            "'orders' excludes a, b. Route tracing is disabled in the service, so it excludes nothing.",
            await model.FailAsync(_orders, Edit, ("add", "b")));
    }

    [Fact]
    public async Task An_edit_waits_for_all_processes()
    {
        _orders.WithReplicas(2);
        await using var model = await TestModel.StartAsync(_builder);
        using var other = ChildProcess.Start();
        await using var first = await TestService.StartAsync(_orders);
        await using var second = await TestService.StartAsync(_orders, other.Process);
        await model.SetRunningAsync(_orders);

        Assert.Equal("'orders' excludes a, b. All 2 processes have confirmed it.", await model.AnswerAsync(_orders, Edit, ("add", "b")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_edit_answers_that_one_of_two_processes_has_confirmed_it(bool secondReports)
    {
        _orders.WithReplicas(2);
        await using var model = await TestModel.StartAsync(_builder);
        using var other = ChildProcess.Start();
        await using var first = await TestService.StartAsync(_orders);
        await using var second = await TestService.CreateAsync(_orders, other.Process);
        if (secondReports)
        {
            second.Report();
        }

        await model.SetRunningAsync(_orders);

        Assert.Equal(
            "'orders' excludes a, b. This is the AppHost's list; 1 of 2 processes confirmed it within 2 seconds.",
            await model.FailAsync(_orders, Edit, ("add", "b")));
    }

    [Fact]
    public async Task A_resource_that_doesnt_read_the_AppHosts_file_is_restarted()
    {
        var restarts = 0;
        _orders.WithEnvironment("Aspire__RouteTracing__ExclusionsFile", "/users.txt")
            .WithEnvironment("OTEL_DOTNET_EXCLUDED_URLS", "hidden");
        await using var model = await TestModel.StartAsync(_builder);
        AddRestart(_orders, () => restarts++);
        await TestModel.GetVariablesAsync(_orders);
        await model.SetRunningAsync(_orders);

        var answer = await model.AnswerAsync(_orders, Edit, ("patterns", "b"));

        Assert.Equal("'orders' excludes b. It was restarted because it reads the list only at startup.", answer);
        Assert.Equal(1, restarts);
        var restarted = await TestModel.GetVariablesAfterRestartAsync(_orders);
        Assert.Equal("/users.txt", restarted["Aspire__RouteTracing__ExclusionsFile"]);
        Assert.Equal("b", restarted["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"]);
    }

    [Fact]
    public async Task A_resource_in_another_language_is_restarted()
    {
        var restarts = 0;
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("a");
        await using var model = await TestModel.StartAsync(_builder);
        AddRestart(reviews, () => restarts++);
        await TestModel.GetVariablesAsync(reviews);
        await model.SetRunningAsync(reviews);

        Assert.Equal(
            "'reviews' excludes a, b. It was restarted because it reads the list only at startup.",
            await model.AnswerAsync(reviews, Edit, ("add", "b")));
        Assert.Equal(1, restarts);
        Assert.Equal("a,b", await TestModel.GetUnresolvedAsync(reviews, "OTEL_PYTHON_EXCLUDED_URLS"));
    }

    [Fact]
    public async Task A_failed_restart_fails_the_edit()
    {
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("a");
        await using var model = await TestModel.StartAsync(_builder);
        AddRestart(reviews, () => throw new InvalidOperationException());
        await TestModel.GetVariablesAsync(reviews);
        await model.SetRunningAsync(reviews);

        Assert.StartsWith(
            "'reviews' excludes a, b. It reads the list only at startup and couldn't be restarted: ",
            await model.FailAsync(reviews, Edit, ("add", "b")),
            StringComparison.Ordinal);
    }

    // In place of Aspire's own command, which needs its orchestrator.
    private static void AddRestart(IResourceBuilder<IResource> resource, Action restart) =>
        resource.WithCommand(KnownResourceCommands.RestartCommand, "Restart", _ =>
        {
            restart();
            return Task.FromResult(CommandResults.Success());
        });
}
