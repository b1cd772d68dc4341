using Aspire.Hosting.ApplicationModel;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.LiveList;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

public sealed class ConfirmationTests
{
    private const string Edit = "edit-excluded-urls";
    private const string KeepB = "\nTo keep the added patterns, declare them on 'orders': .WithExcludedUrls(\"b\")";

    private readonly TestTime _time = new();
    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder();
    private readonly IResourceBuilder<ProjectResource> _orders;

    public ConfirmationTests()
    {
        _builder.Services.AddSingleton<TimeProvider>(_time);
        _orders = _builder.AddProject<TestProject>("orders").WithExcludedUrls("a");
    }

    [Fact]
    public async Task An_edit_answers_that_the_service_has_confirmed_it()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        await model.SetRunningAsync(_orders);

        Assert.Equal(
            $"The list of 'orders' is a, b. The service has confirmed it.{KeepB}", await model.AnswerAsync(_orders, Edit, ("add", "b")));
        Assert.Equal("The list of 'orders' is a. The service has confirmed it.", await model.AnswerAsync(_orders, Edit, ("reset", "true")));
    }

    [Fact]
    public async Task An_edit_of_a_service_without_a_report_asks_for_AddRouteTracing_in_time()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_orders);
        await model.SetRunningAsync(_orders);

        Assert.StartsWith(
            "The list of 'orders' is a, b. The service hasn't reported yet. If it calls AddRouteTracing(), it reads this list when "
                + "it has started.",
            await PassTimeAsync(model.AnswerAsync(_orders, Edit, ("add", "b"))),
            StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(
            "The list of 'orders' is a, b, c. The service has not read this list. Does it call AddRouteTracing()?",
            await PassTimeAsync(model.FailAsync(_orders, Edit, ("add", "c"))));
    }

    [Fact]
    public async Task A_list_is_confirmed_whose_patterns_are_written_differently_in_a_list()
    {
        _orders.WithExcludedUrls(@"^/a\,b$", "(?x) ^/c # comment\n d$");
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        await model.SetRunningAsync(_orders);

        await model.AssertPropertyAsync(_orders, "In force: a, ^/a,b$, (?:(?x) ^/c # comment\n d$).");
        Assert.Contains("The service has confirmed it.", await model.AnswerAsync(_orders, Edit, ("add", "b")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edit_answers_that_the_service_still_uses_another_list()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        service.Report();
        await model.SetRunningAsync(_orders);

        Assert.Equal(
            "The list of 'orders' is a, b. 0 of 1 processes confirmed it within 2 seconds.",
            await PassTimeAsync(model.FailAsync(_orders, Edit, ("add", "b"))));
    }

    [Fact]
    public async Task An_edit_answers_that_route_tracing_is_disabled()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders, change: status => status with { Enabled = false });
        await model.SetRunningAsync(_orders);

        Assert.Equal(
            "The list of 'orders' is a, b. Route tracing is disabled in the service, so nothing is excluded.",
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

        Assert.Equal(
            $"The list of 'orders' is a, b. All 2 processes have confirmed it.{KeepB}",
            await model.AnswerAsync(_orders, Edit, ("add", "b")));
    }

    [Fact]
    public async Task An_edit_names_what_the_service_read_but_does_not_apply()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(
            _orders, change: status => status with { Items = [.. status.Items.Where(item => item.Pattern != "b")] });
        await model.SetRunningAsync(_orders);

        Assert.Equal(
            "The list of 'orders' is a, b. The service has read this list, but doesn't apply b.",
            await PassTimeAsync(model.FailAsync(_orders, Edit, ("add", "b")), service));
    }

    [Theory]
    [InlineData(new[] { "GET /a", "/b" }, "It excludes 2 of 34 routes: GET /a, /b.")]
    [InlineData(new string[0], "It excludes none of 34 routes.")]
    [InlineData(
        new[] { "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12" },
        "It excludes 12 of 34 routes: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more.")]
    public async Task An_edit_names_the_routes_that_the_service_excludes(string[] routes, string expected)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(
            _orders, change: status => status with { ExcludedRoutes = routes, RouteCount = 34 });
        await model.SetRunningAsync(_orders);

        Assert.Equal(
            $"The list of 'orders' is a, b. The service has confirmed it. {expected}{KeepB}",
            await model.AnswerAsync(_orders, Edit, ("add", "b")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_routes_come_from_a_process_that_knows_them(bool firstKnows)
    {
        using var other = ChildProcess.Start();
        await using var model = await TestModel.StartAsync(_builder);
        await using var first = await TestService.StartAsync(_orders, change: status => WithRoutes(status, firstKnows));
        await using var second = await TestService.StartAsync(_orders, other.Process, status => WithRoutes(status, !firstKnows));
        await model.SetRunningAsync(_orders);

        Assert.StartsWith(
            "The list of 'orders' is a, b. All 2 processes have confirmed it. It excludes 1 of 34 routes: GET /a.",
            await model.AnswerAsync(_orders, Edit, ("add", "b")),
            StringComparison.Ordinal);

        static ServiceStatus WithRoutes(ServiceStatus status, bool knows) =>
            knows ? status with { ExcludedRoutes = ["GET /a"], RouteCount = 34 } : status;
    }

    [Theory]
    [InlineData("^/x", """
        "^/x"
        """)]
    [InlineData(@"^/\d+$", """
        @"^/\d+$"
        """)]
    [InlineData("say \"x\"", """"
        @"say ""x"""
        """")]
    [InlineData("日本", """
        "日本"
        """)]
    [InlineData("a\tb\\\\x\"", """
        "a\u0009b\\\\x\""
        """)]
    [InlineData("a\u2028b", """
        "a\u2028b"
        """)]
    public async Task An_edit_answers_the_code_that_keeps_an_added_pattern(string pattern, string literal)
    {
        await using var model = await TestModel.StartAsync(_builder);

        Assert.EndsWith(
            $"\nTo keep the added patterns, declare them on 'orders': .WithExcludedUrls({literal})",
            await model.AnswerAsync(_orders, Edit, ("add", ExclusionListFormat.Write([pattern]))),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Patterns_that_are_declared_are_not_in_the_code_that_keeps_added_ones()
    {
        _orders.WithEnvironment("OTEL_DOTNET_EXCLUDED_URLS", _builder.AddParameter("secret", "hidden", secret: true));
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_orders);

        Assert.EndsWith(
            ": .WithExcludedUrls(\"b\", \"c\")",
            await model.AnswerAsync(_orders, Edit, ("add", "hidden,b,c"), ("remove", "a")),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Starting", true)]
    [InlineData("NotStarted", true)]
    [InlineData("Exited", false)]
    public async Task An_edit_of_a_resource_with_variables_says_that_it_may_start_with_them(string state, bool mayStart)
    {
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("a");
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(reviews);
        await model.SetStateAsync(reviews, state);

        var result = await model.ExecuteAsync(reviews, Edit, ("add", "b"));

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
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("a");
        await using var model = await TestModel.StartAsync(_builder);
        await model.SetStateAsync(reviews, KnownResourceStates.Starting);

        Assert.StartsWith(
            "The list of 'reviews' is a, b. 'reviews' isn't running and reads the list when it starts.",
            await model.AnswerAsync(reviews, Edit, ("add", "b")),
            StringComparison.Ordinal);
    }

    // More processes than replicas can report.
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(2, false)]
    public async Task An_edit_answers_that_one_of_two_processes_has_confirmed_it(int replicas, bool secondReports)
    {
        _orders.WithReplicas(replicas);
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
            "The list of 'orders' is a, b. 1 of 2 processes confirmed it within 2 seconds.",
            await PassTimeAsync(model.FailAsync(_orders, Edit, ("add", "b")), first));
    }

    [Fact]
    public async Task A_resource_that_does_not_read_the_AppHosts_file_is_restarted()
    {
        var restarts = 0;
        _orders.WithEnvironment("Aspire__RouteTracing__ExclusionsFile", "/users.txt")
            .WithEnvironment("OTEL_DOTNET_EXCLUDED_URLS", "hidden");
        await using var model = await TestModel.StartAsync(_builder);
        AddRestart(_orders, () => restarts++);
        await TestModel.GetVariablesAsync(_orders);
        await model.SetRunningAsync(_orders);

        var answer = await model.AnswerAsync(_orders, Edit, ("patterns", "b"));

        Assert.Equal($"The list of 'orders' is b. 'orders' was restarted because it reads the list only at startup.{KeepB}", answer);
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

        Assert.StartsWith(
            "The list of 'reviews' is a, b. 'reviews' was restarted because it reads the list only at startup.",
            await model.AnswerAsync(reviews, Edit, ("add", "b")),
            StringComparison.Ordinal);
        Assert.Equal(1, restarts);
        Assert.Equal("a,b", await TestModel.GetUnresolvedAsync(reviews, "OTEL_PYTHON_EXCLUDED_URLS"));
    }

    [Fact]
    public async Task Each_running_instance_is_restarted()
    {
        var restarts = 0;
        var orders = _builder.AddProject<TestProject>("replicated")
            .WithReplicas(2)
            .WithExcludedUrls("a")
            .WithEnvironment("Aspire__RouteTracing__ExclusionsFile", "/users.txt");
        await using var model = await TestModel.StartAsync(_builder);
        AddRestart(orders, () => Interlocked.Increment(ref restarts));
        await TestModel.GetVariablesAsync(orders);
        await model.SetRunningAsync(orders);

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
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("a");
        _orders.WithExcludedUrls("of-orders");
        await using var model = await TestModel.StartAsync(_builder);
        AddRestart(reviews, () => restarts++);
        await TestModel.GetVariablesAsync(reviews);
        await model.SetRunningAsync(reviews);

        var answer = await model.AnswerAsync(reviews, Edit, (argument, value), ("all-resources", $"{allResources}"));

        Assert.Contains("The list of 'reviews' is a. Nothing changed.", answer.Split('\n'));
        Assert.Equal(0, restarts);
        await model.AssertPropertyAsync(reviews, "Set at startup: a.");
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public async Task A_container_is_restarted_by_an_edit_of_its_own_only(bool allResources, int expected)
    {
        var restarts = 0;
        var keycloak = _builder.AddContainer("keycloak", "image").WithExcludedUrls("a");
        await using var model = await TestModel.StartAsync(_builder);
        AddRestart(keycloak, () => restarts++);
        await TestModel.GetVariablesAsync(keycloak);
        await model.SetRunningAsync(keycloak);

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
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("a");
        await using var model = await TestModel.StartAsync(_builder);
        AddRestart(reviews, async _ =>
        {
            restarts++;
            await model.SetStateAsync(reviews, KnownResourceStates.Finished);
            await TestModel.GetVariablesAfterRestartAsync(reviews);
            restarting.TrySetResult();
            await released.Task;
            await model.SetRunningAsync(reviews);
        });
        await TestModel.GetVariablesAsync(reviews);
        await model.SetRunningAsync(reviews);

        var first = model.AnswerAsync(reviews, Edit, ("add", "b"));
        await restarting.Task;
        var second = model.AnswerAsync(reviews, Edit, ("add", "c"));
        released.SetResult();

        Assert.All(
            await Task.WhenAll(first, second),
            answer => Assert.Contains("'reviews' was restarted because", answer, StringComparison.Ordinal));
        Assert.Equal(2, restarts);
        await model.AssertPropertyAsync(reviews, "Edited in this run. Set at startup: a, b, c.");
    }

    [Fact]
    public async Task An_edit_waits_until_the_restarted_resource_runs()
    {
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("a");
        await using var model = await TestModel.StartAsync(_builder);
        AddRestart(reviews, _ => model.SetStateAsync(reviews, KnownResourceStates.Finished));
        await TestModel.GetVariablesAsync(reviews);
        await model.SetRunningAsync(reviews);

        var edit = model.FailAsync(reviews, Edit, ("add", "b"));

        Assert.EndsWith(
            "'reviews' was restarted because it reads the list only at startup, but it isn't running yet.",
            await PassTimeAsync(edit),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edit_does_not_take_the_old_process_for_the_restarted_one()
    {
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("a");
        await using var model = await TestModel.StartAsync(_builder);
        AddRestart(reviews, () => { });
        await TestModel.GetVariablesAsync(reviews);
        await model.SetRunningAsync(reviews, startedAt: new DateTime(2026, 11, 30, 0, 0, 0, DateTimeKind.Utc));

        Assert.EndsWith(
            "but it isn't running yet.",
            await PassTimeAsync(model.FailAsync(reviews, Edit, ("add", "b"))),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_canceled_edit_does_not_cancel_the_restart()
    {
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("a");
        await using var model = await TestModel.StartAsync(_builder);
        using var canceling = new CancellationTokenSource();
        var restarting = new TaskCompletionSource<CancellationToken>();
        var released = new TaskCompletionSource();
        AddRestart(reviews, cancellation =>
        {
            restarting.TrySetResult(cancellation);
            return released.Task;
        });
        await TestModel.GetVariablesAsync(reviews);
        await model.SetRunningAsync(reviews);

        var edit = model.ExecuteAsync(reviews, Edit, canceling.Token, ("add", "b"));
        var restart = await restarting.Task;
        await canceling.CancelAsync();

        Assert.True((await edit).Canceled);
        Assert.False(restart.IsCancellationRequested);
        released.SetResult();
    }

    [Fact]
    public async Task An_edit_whose_restart_takes_a_minute_fails()
    {
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("a");
        await using var model = await TestModel.StartAsync(_builder);
        var released = new TaskCompletionSource();
        AddRestart(reviews, _ => released.Task);
        await TestModel.GetVariablesAsync(reviews);
        await model.SetRunningAsync(reviews);

        var edit = model.FailAsync(reviews, Edit, ("add", "b"));
        await TestModel.PollAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(20));
            return edit.IsCompleted;
        });

        Assert.EndsWith("'reviews' reads the list only at startup and is still restarting.", await edit, StringComparison.Ordinal);
        released.SetResult();
    }

    [Fact]
    public async Task An_edit_that_is_canceled_before_it_starts_changes_nothing()
    {
        await using var model = await TestModel.StartAsync(_builder);

        var result = await model.ExecuteAsync(_orders, Edit, new CancellationToken(canceled: true), ("add", "b"));

        Assert.True(result.Canceled);
        Assert.Equal("Excluded URLs of 'orders'. Not running: a.", await model.AnswerAsync(_orders, Edit));
    }

    [Fact]
    public async Task An_edit_names_the_items_that_the_service_adds()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(
            _orders, change: status => status with { Items = [.. status.Items, new("own", "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS")] });
        await model.SetRunningAsync(_orders);

        Assert.Equal(
            "The list of 'orders' is empty. The service has confirmed it. The service adds own.",
            await model.AnswerAsync(_orders, Edit, ("remove", "*")));
        Assert.Equal(
            "The pattern 'own' can't be edited, because it comes from OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS of the service.",
            await model.FailAsync(_orders, Edit, ("remove", "own")));
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
            "The list of 'reviews' is a, b. 'reviews' reads the list only at startup and couldn't be restarted: ",
            await model.FailAsync(reviews, Edit, ("add", "b")),
            StringComparison.Ordinal);
        await model.AssertPropertyAsync(reviews, "Edited in this run. Set at startup: a. To be set at the next start: a, b.");
    }

    // Lets time pass once the services that follow the list have reported it.
    private async Task<string> PassTimeAsync(Task<string> edit, params TestService[] following)
    {
        await TestModel.PollAsync(() => following.All(service => service.Reported.Contains("b")));
        await TestModel.PollAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(0.05));
            return edit.IsCompleted;
        });
        return await edit;
    }

    // In place of Aspire's own command, which needs its orchestrator.
    private static void AddRestart(IResourceBuilder<IResource> resource, Action restart) =>
        AddRestart(resource, _ =>
        {
            restart();
            return Task.CompletedTask;
        });

    private static void AddRestart(IResourceBuilder<IResource> resource, Func<CancellationToken, Task> restart) =>
        resource.WithCommand(KnownResourceCommands.RestartCommand, "Restart", async context =>
        {
            await restart(context.CancellationToken);
            return CommandResults.Success();
        });
}
