using Aspire.Hosting.ApplicationModel;
using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.RouteTracing.Tests.LiveExclusions;

public sealed class LiveExclusionsTests
{
    private const string File = "Aspire__RouteTracing__ExclusionsFile";
    private const string DotNet = "OTEL_DOTNET_EXCLUDED_URLS";
    private const string Python = "OTEL_PYTHON_EXCLUDED_URLS";

    [Fact]
    public async Task A_project_looks_at_a_file_with_its_whole_list_while_it_runs()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var users = builder.AddParameter("users", "from-a-parameter,a\\,b");
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here").WithEnvironment(DotNet, users);
        string path;
        await using (var model = await TestModel.StartAsync(builder))
        {
            var variables = await TestModel.GetVariablesAsync(orders);
            path = variables[File];

            Assert.Equal(["from-a-parameter", "a,b", "everywhere", "here"], await ReadAsync(path));
            Assert.Equal(["from-a-parameter", "a,b", "everywhere", "here"], ExclusionListFormat.Parse(variables[DotNet], out _));
        }

        Assert.False(Path.Exists(Path.GetDirectoryName(path)));
    }

    [Fact]
    public async Task There_is_no_file_for_what_is_published_and_for_what_would_not_look_at_it()
    {
        var published = TestModel.CreateBuilder(DistributedApplicationOperation.Publish);
        var orders = published.AddProject<TestProject>("orders").WithExcludedUrls("here");
        await using var publishedModel = await TestModel.StartAsync(published);
        var run = TestModel.CreateBuilder();
        var container = run.AddContainer("container", "image").WithExcludedUrls("here");
        var executable = run.AddExecutable("executable", "./run", ".").WithExcludedUrls("here");
        await using var runModel = await TestModel.StartAsync(run);

        Assert.Null(await TestModel.GetVariableAsync(orders, File));
        Assert.Null(await TestModel.GetVariableAsync(container, File));
        Assert.Null(await TestModel.GetVariableAsync(executable, File));
        Assert.DoesNotContain(orders.Resource.Annotations.OfType<ResourceCommandAnnotation>(), command => command.Name.Contains("url", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_edited_list_is_in_the_file_and_the_property_at_once_and_survives_a_restart_of_the_resource()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders").WithEnvironment(DotNet, "users");
        await using var model = await TestModel.StartAsync(builder);
        var path = (await TestModel.GetVariablesAsync(orders))[File];
        Assert.Equal("users,everywhere", model.GetProperty(orders));

        var result = await model.ExecuteAsync(orders, "edit-excluded-urls", ("patterns", "^/a$,b"));

        Assert.True(result.Success, result.Message);
        Assert.Equal(["^/a$", "b"], await ReadAsync(path));
        Assert.Equal("^/a$,b", model.GetProperty(orders));
        var restarted = await TestModel.GetVariablesAfterRestartAsync(orders);
        Assert.Equal("^/a$,b", restarted[DotNet]);
        Assert.Equal(["^/a$", "b"], await ReadAsync(path));
    }

    [Fact]
    public async Task A_list_can_be_edited_to_nothing_and_reset_to_the_code()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders").WithEnvironment(DotNet, "users");
        await using var model = await TestModel.StartAsync(builder);
        var path = (await TestModel.GetVariablesAsync(orders))[File];

        var emptied = await model.ExecuteAsync(orders, "edit-excluded-urls", ("patterns", ""));
        Assert.StartsWith("Nothing is excluded.", emptied.Message, StringComparison.Ordinal);
        Assert.Empty(await ReadAsync(path));
        Assert.Equal("none", model.GetProperty(orders));
        Assert.Equal("", (await TestModel.GetVariablesAfterRestartAsync(orders))[DotNet]);

        var reset = await model.ExecuteAsync(orders, "edit-excluded-urls", ("reset", "true"));
        Assert.True(reset.Success, reset.Message);
        Assert.Equal(["users", "everywhere"], await ReadAsync(path));
        Assert.Equal("users,everywhere", (await TestModel.GetVariablesAfterRestartAsync(orders))[DotNet]);
    }

    [Fact]
    public async Task The_argument_starts_as_the_list_in_force()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("a,b", "c");
        await using var model = await TestModel.StartAsync(builder);
        await TestModel.GetVariablesAsync(orders);

        var unchanged = await model.ExecuteAsync(orders, "edit-excluded-urls");

        Assert.True(unchanged.Success, unchanged.Message);
        Assert.Equal(@"a\,b,c", model.GetProperty(orders));
        await model.ExecuteAsync(orders, "edit-excluded-urls", ("patterns", "d"));
        Assert.Equal("d", orders.Resource.Annotations.OfType<ResourceCommandAnnotation>().Single(command => command.Name == "edit-excluded-urls").Arguments[0].Value);
    }

    [Theory, InlineData("good,(", "'('"), InlineData("base64:*", "can't be read")]
    public async Task A_bad_pattern_is_refused_with_the_reason_and_changes_nothing(string patterns, string reason)
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);
        var path = (await TestModel.GetVariablesAsync(orders))[File];

        var result = await model.ExecuteAsync(orders, "edit-excluded-urls", ("patterns", patterns));

        Assert.False(result.Success);
        Assert.Contains(reason, TestModel.GetErrors(result), StringComparison.Ordinal);
        Assert.Equal(["here"], await ReadAsync(path));
        Assert.Equal("here", model.GetProperty(orders));
    }

    [Fact]
    public async Task A_list_that_a_variable_has_no_room_for_is_refused_so_that_the_resource_can_be_restarted()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here");
        var reviews = builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);

        var tooLong = await model.ExecuteAsync(orders, "edit-excluded-urls", ("patterns", string.Join(',', LongPatterns.Create('é', count: 16, length: 1000).Append(new string('b', 18)))));
        var tooLongForPython = await model.ExecuteAsync(reviews, "edit-excluded-urls", ("patterns", string.Join(',', Enumerable.Range(100, 100).Select(i => $"/{i}a{{1,40}}"))));

        Assert.Contains("OTEL_DOTNET_EXCLUDED_URLS would have 32002 bytes, and the limit is 32000", TestModel.GetErrors(tooLong), StringComparison.Ordinal);
        Assert.Contains("A list for 'reviews' is too long: OTEL_PYTHON_EXCLUDED_URLS", TestModel.GetErrors(tooLongForPython), StringComparison.Ordinal);
        Assert.Equal("here", (await TestModel.GetVariablesAfterRestartAsync(orders))[DotNet]);
        Assert.Equal("here", (await TestModel.GetVariablesAfterRestartAsync(reviews))[Python]);
    }

    [Fact]
    public async Task A_bad_item_that_the_user_set_is_named_and_not_in_the_file_which_the_service_would_not_take()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here").WithEnvironment(DotNet, "(bad,good");
        await using var model = await TestModel.StartAsync(builder);
        var path = (await TestModel.GetVariablesAsync(orders))[File];

        Assert.Equal(["good", "here"], await ReadAsync(path));
        Assert.Equal("good,here", model.GetProperty(orders));
        Assert.StartsWith("The item '(bad' of OTEL_DOTNET_EXCLUDED_URLS in 'orders' excludes nothing: ", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_user_set_for_python_is_split_at_each_comma_as_python_does()
    {
        var builder = TestModel.CreateBuilder();
        var reviews = builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("here").WithEnvironment(Python, "/a{1,2}$");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("/a{1,2}$,here", (await TestModel.GetVariablesAsync(reviews))[Python]);
        Assert.Equal("'/aa' is not excluded by the AppHost's list; the service may add its own.", (await model.ExecuteAsync(reviews, "test-url", ("url", "/aa"))).Message);
        Assert.Equal("/a{1, 2}$,here", model.GetProperty(reviews));
    }

    [Fact]
    public async Task A_url_is_tested_against_the_list_in_force()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("client/.*/info").WithEnvironment(DotNet, "users");
        await using var model = await TestModel.StartAsync(builder);
        await TestModel.GetVariablesAsync(orders);

        Assert.Equal("'/client/1/info' is excluded by 'client/.*/info', from the list of 'orders'.", (await model.ExecuteAsync(orders, "test-url", ("url", "/client/1/info"))).Message);
        Assert.Equal("'/everywhere' is excluded by 'everywhere', from the app-wide list.", (await model.ExecuteAsync(orders, "test-url", ("url", "/everywhere"))).Message);
        Assert.Equal("'/users' is excluded by 'users', from OTEL_DOTNET_EXCLUDED_URLS.", (await model.ExecuteAsync(orders, "test-url", ("url", "/users"))).Message);
        Assert.Equal("'/' is not excluded by the AppHost's list; the service may add its own.", (await model.ExecuteAsync(orders, "test-url", ("url", "/"))).Message);
        await model.ExecuteAsync(orders, "edit-excluded-urls", ("patterns", "^/$"));
        Assert.Equal("'/' is excluded by '^/$', from the list edited in this run.", (await model.ExecuteAsync(orders, "test-url", ("url", "/"))).Message);
        Assert.Contains("'health' is neither a path", TestModel.GetErrors(await model.ExecuteAsync(orders, "test-url", ("url", "health"))), StringComparison.Ordinal);
        Assert.False((await model.ExecuteAsync(orders, "test-url")).Success);
    }

    [Fact]
    public async Task In_python_an_edited_list_takes_the_place_of_every_variable()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var reviews = builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("here").WithEnvironment("OTEL_PYTHON_FLASK_EXCLUDED_URLS", "users");
        await using var model = await TestModel.StartAsync(builder);
        Assert.Equal("users,here", (await TestModel.GetVariablesAsync(reviews))["OTEL_PYTHON_FLASK_EXCLUDED_URLS"]);

        await model.ExecuteAsync(reviews, "edit-excluded-urls", ("patterns", @"/a{1,2}$,\p{L}"));

        var restarted = await TestModel.GetVariablesAfterRestartAsync(reviews);
        Assert.Equal("/(?:aa|a)(?![^?])", restarted["OTEL_PYTHON_FLASK_EXCLUDED_URLS"]);
        Assert.Equal("/(?:aa|a)(?![^?])", restarted[Python]);
        Assert.Contains(@"'\p{L}' is left out of 'reviews'", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resource_that_reads_no_list_has_no_commands()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var web = builder.AddExecutable("web", "node", ".").WithOtlpExporter();
        await using var model = await TestModel.StartAsync(builder);

        Assert.DoesNotContain(web.Resource.Annotations.OfType<ResourceCommandAnnotation>(), command => command.Name is "test-url" or "edit-excluded-urls");
    }

    [Fact]
    public async Task A_command_that_the_user_gave_one_of_the_names_stays()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders").WithCommand("test-url", "The user's", _ => Task.FromResult(CommandResults.Success("The user's")));
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("The user's", (await model.ExecuteAsync(orders, "test-url")).Message);
        Assert.True((await model.ExecuteAsync(orders, "edit-excluded-urls", ("patterns", "a"))).Success);
    }

    [Fact]
    public async Task A_resource_whose_file_is_not_the_app_hosts_is_restarted()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders").WithEnvironment(File, "/users.txt").WithEnvironment(DotNet, "hidden");
        await using var model = await TestModel.StartAsync(builder);
        await TestModel.GetVariablesAsync(orders);
        await model.SetRunningAsync(orders);

        var result = await model.ExecuteAsync(orders, "edit-excluded-urls", ("patterns", "a"));

        Assert.Contains("reads the list only when it starts", result.Message, StringComparison.Ordinal);
        var restarted = await TestModel.GetVariablesAfterRestartAsync(orders);
        Assert.Equal("/users.txt", restarted[File]);
        Assert.Equal("a", restarted["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"]);
    }

    [Fact]
    public async Task The_link_to_the_traces_leads_to_the_dashboard_and_is_left_out_where_there_is_none()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);
        var links = orders.Resource.Annotations.OfType<ResourceUrlsCallbackAnnotation>().Last();
        var context = new ResourceUrlsCallbackContext(builder.ExecutionContext, orders.Resource);

        await links.Callback(context);
        Assert.Empty(context.Urls);

        var dashboard = builder.AddExecutable("aspire-dashboard", "dashboard", ".").WithHttpEndpoint(name: "http");
        dashboard.Resource.Annotations.OfType<EndpointAnnotation>().Single().AllocatedEndpoint =
            new AllocatedEndpoint(dashboard.Resource.Annotations.OfType<EndpointAnnotation>().Single(), "localhost", 18888);
        await links.Callback(context);
        var link = Assert.Single(context.Urls);
        Assert.Equal(("Traces", "http://localhost:18888/traces/resource/orders"), (link.DisplayText, link.Url));
    }

    private static async Task<IReadOnlyList<string>> ReadAsync(string path) =>
        ExclusionListFormat.Parse(await System.IO.File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), out _);
}
