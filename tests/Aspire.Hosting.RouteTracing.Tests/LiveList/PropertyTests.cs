using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.LiveList;
using Aspire.RouteTracing.LiveList;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

public sealed class PropertyTests
{
    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder();
    private readonly IResourceBuilder<ProjectResource> _orders;

    public PropertyTests() => _orders = _builder.AddProject<TestProject>("orders").WithExcludedUrls("^/a$", "b");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_list_is_in_force_while_its_service_reports_it()
    {
        await using var model = await TestModel.StartAsync(_builder);
        Assert.Equal("Not running: ^/a$, b.", model.GetProperty(_orders));
        await using var service = await TestService.CreateAsync(_orders);

        await model.SetRunningAsync(_orders);
        await model.AssertPropertyAsync(_orders, "Not read yet: ^/a$, b.");
        service.Report();
        await model.AssertPropertyAsync(_orders, "In force: ^/a$, b.");
        await model.SetStateAsync(_orders, KnownResourceStates.Exited);
        await model.AssertPropertyAsync(_orders, "Not running: ^/a$, b.");
    }

    [Fact]
    public async Task Items_of_the_services_own_sources_are_shown()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(
            _orders, change: status => status with { Items = [.. status.Items, new ServiceStatus.Item("own", "code")] });

        await model.SetRunningAsync(_orders);

        await model.AssertPropertyAsync(_orders, "In force: ^/a$, b, own.");
    }

    [Fact]
    public async Task An_edited_list_is_shown_as_edited_until_it_is_reset()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        await model.SetRunningAsync(_orders);

        await model.AnswerAsync(_orders, Edit, ("add", "c"));
        await model.AssertPropertyAsync(_orders, "Edited in this run. In force: ^/a$, b, c.");
        await model.AnswerAsync(_orders, Edit, ("remove", "*"));
        await model.AssertPropertyAsync(_orders, "Edited in this run. In force: none.");
        await model.AnswerAsync(_orders, Edit, ("reset", "true"));
        await model.AssertPropertyAsync(_orders, "In force: ^/a$, b.");
    }

    [Fact]
    public async Task Another_list_is_shown_with_the_number_of_processes_that_use_it()
    {
        await using var model = await TestModel.StartAsync(_builder);
        using var other = ChildProcess.Start();
        await using var first = await TestService.StartAsync(_orders);
        await using var second = await TestService.StartAsync(
            _orders, other.Process, status => status with { FileItems = ["old"], Items = [new ServiceStatus.Item("old", "code")] });
        await model.SetRunningAsync(_orders);

        await model.AssertPropertyAsync(_orders, "In force in 1 of 2 processes: ^/a$, b.");
        File.Delete(first.StatusPath);
        await model.AssertPropertyAsync(_orders, "Another list is in force: old.");
    }

    [Fact]
    public async Task A_replica_without_a_report_is_counted()
    {
        _orders.WithReplicas(2);
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        await model.SetRunningAsync(_orders);

        await model.AssertPropertyAsync(_orders, "In force in 1 of 2 processes: ^/a$, b.");
    }

    [Fact]
    public async Task A_process_with_two_applications_is_counted_once()
    {
        _orders.WithReplicas(2);
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        File.Copy(service.StatusPath, Path.Combine(service.Folder, $"{service.ProcessId}.2.json"));
        await model.SetRunningAsync(_orders);

        await model.AssertPropertyAsync(_orders, "In force in 1 of 2 processes: ^/a$, b.");
    }

    [Fact]
    public async Task Items_that_are_not_applied_are_named()
    {
        var isDisabled = false;
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(
            _orders,
            change: status => isDisabled
                ? status with
                {
                    Items = [.. status.Items.Skip(1)],
                    Problems = [new(status.Items[0], "It timed out or failed, and is disabled.")],
                }
                : status);
        await model.SetRunningAsync(_orders);
        await model.AssertPropertyAsync(_orders, "In force: ^/a$, b.");

        isDisabled = true;
        service.Report();

        await model.AssertPropertyAsync(
            _orders, "In force: b. Not applied: ^/a$. '^/a$' from the list of 'orders': It timed out or failed, and is disabled.");
    }

    [Fact]
    public async Task Disabled_route_tracing_is_shown()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders, change: status => status with { Enabled = false, Items = [] });
        await model.SetRunningAsync(_orders);

        await model.AssertPropertyAsync(_orders, "Route tracing is disabled in the service.");
    }

    [Fact]
    public async Task A_list_that_is_not_read_asks_for_AddRouteTracing_also_in_the_log()
    {
        _orders.WithHttpEndpoint(name: "http");
        await using var model = await TestModel.StartAsync(_builder);
        await TestService.CreateAsync(_orders);
        await model.SetRunningAsync(_orders);
        await model.AssertPropertyAsync(_orders, "Not read yet: ^/a$, b.");

        model.Time.Advance(TimeSpan.FromSeconds(31));

        await model.AssertPropertyAsync(_orders, "Not read by 'orders': does it call AddRouteTracing()? Its list: ^/a$, b.");
        await AssertLoggedAsync(model, _orders.Resource, "The excluded URLs are not read by 'orders': does it call AddRouteTracing()?");
        Assert.Equal(
            "'/a' would be excluded in 'orders' by '^/a$', from the list of 'orders'. "
            + "But the list is not read by 'orders': does it call AddRouteTracing()?",
            await model.AnswerAsync(_orders, TestUrl, ("url", "/a")));
    }

    [Fact]
    public async Task After_a_report_AddRouteTracing_is_asked_for_only_after_a_restart()
    {
        const string Unread = "Not read by 'orders': does it call AddRouteTracing()? Its list: ^/a$, b.";
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        await model.SetRunningAsync(_orders);
        await model.AssertPropertyAsync(_orders, "In force: ^/a$, b.");
        model.Time.Advance(TimeSpan.FromSeconds(31));

        // The process has ended, which Aspire publishes later.
        File.Delete(service.StatusPath);
        await model.AssertPropertyAsync(_orders, "No longer reported: ^/a$, b.");
        Assert.Equal(
            "'/a' would be excluded in 'orders' by '^/a$', from the list of 'orders'. "
                + "The service no longer reports its list and may add its own items.",
            await model.AnswerAsync(_orders, TestUrl, ("url", "/a")));
        await model.SetStateAsync(_orders, KnownResourceStates.Finished);
        Assert.Equal("Not running: ^/a$, b.", model.GetProperty(_orders));

        await model.SetRunningAsync(_orders);
        model.Time.Advance(TimeSpan.FromSeconds(31));
        await model.AssertPropertyAsync(_orders, Unread);
    }

    [Fact]
    public async Task A_problem_and_a_missing_item_of_two_processes_are_shown_once()
    {
        _orders.WithReplicas(2);
        await using var model = await TestModel.StartAsync(_builder);
        using var other = ChildProcess.Start();
        await using var first = await TestService.StartAsync(_orders, change: AddProblem);
        await using var second = await TestService.StartAsync(_orders, other.Process, AddProblem);
        await model.SetRunningAsync(_orders);

        await model.AssertPropertyAsync(_orders, "In force: b. Not applied: ^/a$. '(' from code: A problem.");

        static ServiceStatus AddProblem(ServiceStatus status) =>
            status with { Items = [.. status.Items.Skip(1)], Problems = [new(new("(", "code"), "A problem.")] };
    }

    [Fact]
    public async Task A_service_without_a_list_that_does_not_report_has_none()
    {
        var builder = TestModel.CreateBuilder().WithExcludedHealthChecks();
        var worker = builder.AddProject<TestProject>("worker");
        await using var model = await TestModel.StartAsync(builder);
        await model.SetRunningAsync(worker);

        await model.AssertPropertyAsync(worker, "None.");
    }

    [Fact]
    public async Task A_resource_has_no_property_before_Aspire_publishes_its_state()
    {
        await using var model = await TestModel.StartAsync(_builder, publishesStates: false);

        await _orders.Resource.Annotations.OfType<LiveResource>().Single().Property.RefreshAsync();
        Assert.Null(model.GetProperty(_orders));
        await model.SetStateAsync(_orders, KnownResourceStates.NotStarted);
        await model.AssertPropertyAsync(_orders, "Not running: ^/a$, b.");
    }

    [Fact]
    public async Task A_property_that_cannot_be_published_is_logged_and_published_later()
    {
        var fails = false;
        _orders.WithCommand("own", "Own", _ => Task.FromResult(CommandResults.Success()), new CommandOptions
        {
            UpdateState = _ => fails ? throw new InvalidOperationException("of the AppHost") : ResourceCommandState.Enabled,
        });
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        await model.SetRunningAsync(_orders);
        await model.AssertPropertyAsync(_orders, "Not read yet: ^/a$, b.");

        fails = true;
        service.Report();
        await AssertLoggedAsync(model, _orders.Resource, "The property 'Excluded URLs' could not be updated.");
        fails = false;
        await model.AssertPropertyAsync(_orders, "In force: ^/a$, b.");
    }

    [Fact]
    public async Task A_warning_is_in_the_property_and_in_the_console_log_of_its_resource()
    {
        var web = _builder.AddExecutable("web", "node", ".").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(_builder);
        var warning = Assert.Single(model.Warnings);

        Assert.StartsWith(
            "The excluded URLs of 'web' were ignored because OpenTelemetry for JavaScript ", warning, StringComparison.Ordinal);
        await model.AssertPropertyAsync(web, $"None. {warning}");
        await AssertLoggedAsync(model, web.Resource, warning);
    }

    [Fact]
    public async Task A_warning_of_a_later_evaluation_is_logged_once_and_shown_while_it_is_true()
    {
        var value = "(bad";
        _orders.WithEnvironment(context => context.EnvironmentVariables[DotNetUrls] = value);
        await using var model = await TestModel.StartAsync(_builder);

        await TestModel.GetVariablesAfterRestartAsync(_orders);
        await TestModel.GetVariablesAfterRestartAsync(_orders);
        var warning = Assert.Single(model.Warnings);
        Assert.Equal($"Not running: ^/a$, b. {warning}", model.GetProperty(_orders));
        value = "good";
        await TestModel.GetVariablesAfterRestartAsync(_orders);
        Assert.Equal("Not running: good, ^/a$, b.", model.GetProperty(_orders));
        value = "(bad";
        await TestModel.GetVariablesAfterRestartAsync(_orders);

        Assert.Contains(warning, Assert.Single(await model.ReadLogAsync(_orders)), StringComparison.Ordinal);
    }

    private static async Task AssertLoggedAsync(TestModel model, IResource resource, string text)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        var loggers = model.Services.GetRequiredService<ResourceLoggerService>();
        await foreach (var batch in loggers.WatchAsync(resource).WithCancellation(deadline.Token))
        {
            if (batch.Any(line => line.Content.Contains(text, StringComparison.Ordinal)))
            {
                return;
            }
        }

        Assert.Fail($"The console log of '{resource.Name}' has no line with '{text}'.");
    }
}
