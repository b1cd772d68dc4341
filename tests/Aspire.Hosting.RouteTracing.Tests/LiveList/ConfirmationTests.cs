using Aspire.Hosting.ApplicationModel;
using Aspire.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

public sealed class ConfirmationTests
{
    private const string KeepB = "\nTo keep the added patterns, declare them on 'orders': .WithExcludedUrls(\"b\")";

    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder();
    private readonly IResourceBuilder<ProjectResource> _orders;

    public ConfirmationTests() => _orders = _builder.AddProject<TestProject>("orders").WithExcludedUrls("a");

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
            await PassTimeAsync(model, model.AnswerAsync(_orders, Edit, ("add", "b"))),
            StringComparison.Ordinal);
        model.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(
            "The list of 'orders' is a, b, c. The list is not read by 'orders': does it call AddRouteTracing()?",
            await PassTimeAsync(model, model.FailAsync(_orders, Edit, ("add", "c"))));
    }

    [Fact]
    public async Task An_edit_is_not_confirmed_by_a_service_that_no_longer_reports()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        service.Report();
        await model.SetRunningAsync(_orders);
        await model.AssertPropertyAsync(_orders, "In force: a.");

        File.Delete(service.StatusPath);

        Assert.Equal(
            "The list of 'orders' is a, b. 0 of 1 processes confirmed it within 2 seconds.",
            await PassTimeAsync(model, model.FailAsync(_orders, Edit, ("add", "b"))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_edit_of_a_service_that_ends_meanwhile_answers_that_it_does_not_run(bool hadReported)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        if (hadReported)
        {
            service.Report();
        }

        await model.SetRunningAsync(_orders);
        var edit = model.AnswerAsync(_orders, Edit, ("add", "b"));
        await Waits.UntilAsync(() => service.ReadList().Contains("b"), "The list was not edited.");

        await model.SetStateAsync(_orders, KnownResourceStates.Exited);

        Assert.Equal(
            $"The list of 'orders' is a, b. 'orders' isn't running and reads the list when it starts.{KeepB}",
            await model.Time.PassUntilAsync(edit));
    }

    [Fact]
    public async Task A_list_is_confirmed_whose_patterns_are_written_differently_in_a_list()
    {
        _orders.WithExcludedUrls(@"^/a\,b$", "(?x) ^/c # comment\n d$");
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        await model.SetRunningAsync(_orders);

        await model.AssertPropertyAsync(_orders, "In force: a, ^/a\\,b$, (?:(?x) ^/c # comment\n d$).");
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
            await PassTimeAsync(model, model.FailAsync(_orders, Edit, ("add", "b"))));
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
            await PassTimeAsync(model, model.FailAsync(_orders, Edit, ("add", "b")), service));
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

    [Fact]
    public async Task An_edit_names_added_patterns_that_match_no_sample_of_a_route()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(
            _orders, change: status => status with { RouteCount = 34, UnmatchedItems = ["a", "b", "c"] });
        await model.SetRunningAsync(_orders);

        Assert.StartsWith(
            "The list of 'orders' is a, b, c. The service has confirmed it. It excludes none of 34 routes. "
                + "No sample URL of a route matches b or c.",
            await model.AnswerAsync(_orders, Edit, ("add", "b,c")),
            StringComparison.Ordinal);
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
            await PassTimeAsync(model, model.FailAsync(_orders, Edit, ("add", "b")), first));
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
            _orders, change: status => status with { Items = [.. status.Items, new("own", AspNetCoreUrls)] });
        await model.SetRunningAsync(_orders);

        Assert.Equal(
            "The list of 'orders' is empty. The service has confirmed it. The service adds own.",
            await model.AnswerAsync(_orders, Edit, ("remove", "*")));
        Assert.Equal(
            "The pattern 'own' can't be edited, because it comes from OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS of the service.",
            await model.FailAsync(_orders, Edit, ("remove", "own")));
    }

    [Fact]
    public async Task An_item_of_the_users_own_file_cannot_be_edited()
    {
        _orders.WithEnvironment(ListFile, "/users.txt");
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        OwnerOnlyFile.Replace(service.StatusPath, service.CreateStatus(["users"]).ToJson());

        Assert.Equal(
            "The pattern 'users' can't be edited, because it comes from Aspire:RouteTracing:ExclusionsFile of the service.",
            await model.FailAsync(_orders, Edit, ("remove", "users")));
    }

    // Lets time pass once the services that follow the list have reported it.
    private static async Task<string> PassTimeAsync(TestModel model, Task<string> edit, params TestService[] following)
    {
        await Waits.UntilAsync(() => following.All(service => service.Reported.Contains("b")), "The list is not reported yet.");
        return await model.Time.PassUntilAsync(edit);
    }
}
