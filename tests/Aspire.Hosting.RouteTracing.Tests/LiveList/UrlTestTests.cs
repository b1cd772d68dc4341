using Aspire.Hosting.ApplicationModel;
using Aspire.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

public sealed class UrlTestTests
{
    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder().WithExcludedUrls("^/health$", @"^/\p{Lu}");
    private readonly IResourceBuilder<ProjectResource> _orders;

    public UrlTestTests() => _orders = _builder.AddProject<TestProject>("orders")
        .WithExcludedUrls("client/.*/info", "://пример[.]")
        .WithEnvironment(DotNetUrls, "://internal[.]");

    [Theory]
    [InlineData("/health", "'/health' is excluded in 'orders' by '^/health$', from the app-wide list.")]
    [InlineData("/health?x=1", "'/health?x=1' is excluded in 'orders' by '^/health$', from the app-wide list.")]
    [InlineData(
        "https://shop/client/42/info",
        "'https://shop/client/42/info' is excluded in 'orders' by 'client/.*/info', from the list of 'orders'.")]
    [InlineData(
        "http://internal.example/x",
        "'http://internal.example/x' is excluded in 'orders' by '://internal[.]', from OTEL_DOTNET_EXCLUDED_URLS.")]
    [InlineData("/Ärger", @"'/Ärger' is excluded in 'orders' by '^/\p{Lu}', from the app-wide list.")]
    [InlineData(
        "http://пример.test/x",
        "'http://пример.test/x' is excluded in 'orders' by '://пример[.]', from the list of 'orders'.")]
    [InlineData(
        "http://xn--e1afmkfd.test/x",
        "'http://xn--e1afmkfd.test/x' is excluded in 'orders' by '://пример[.]', from the list of 'orders'.")]
    [InlineData("/from/code", "'/from/code' is excluded in 'orders' by '^/from/code$', from code.")]
    [InlineData(
        "/from/variable", "'/from/variable' is excluded in 'orders' by '^/from/variable$', from OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS.")]
    [InlineData(
        "/orders?next=/client/1/info",
        "No excluded URL of 'orders' matches '/orders?next=/client/1/info'. "
        + "Another filter, the sampler or [ExcludeFromTracing] can still exclude it.")]
    public async Task The_services_list_with_all_its_sources_answers(string url, string answer)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders, change: AddOwnItems);

        Assert.Equal(answer, await model.AnswerAsync(_orders, TestUrl, ("url", url)));
    }

    [Fact]
    public async Task The_services_list_answers_even_if_it_is_not_the_AppHosts()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(
            _orders, change: status => status with { FileItems = ["old"], Items = [new("old", "file")] });

        Assert.StartsWith(
            "No excluded URL of 'orders' matches '/health'.",
            await model.AnswerAsync(_orders, TestUrl, ("url", "/health")),
            StringComparison.Ordinal);
        Assert.Equal("'/old' is excluded in 'orders' by 'old', from file.", await model.AnswerAsync(_orders, TestUrl, ("url", "/old")));
    }

    [Fact]
    public async Task A_service_with_MatchFullUrl_searches_the_whole_URL()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders, change: status => status with { MatchFullUrl = true });

        Assert.Equal(
            "'http://shop/?next=/client/1/info' is excluded in 'orders' by 'client/.*/info', from the list of 'orders'.",
            await model.AnswerAsync(_orders, TestUrl, ("url", "http://shop/?next=/client/1/info")));
        Assert.StartsWith(
            "No excluded URL of 'orders' matches '/health'.",
            await model.AnswerAsync(_orders, TestUrl, ("url", "/health")),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_with_route_tracing_disabled_excludes_no_URL()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders, change: status => status with { Enabled = false });

        Assert.Equal(
            "Route tracing is disabled in 'orders', so nothing is excluded.",
            await model.AnswerAsync(_orders, TestUrl, ("url", "/health")));
    }

    [Fact]
    public async Task Each_different_answer_of_the_processes_is_shown()
    {
        await using var model = await TestModel.StartAsync(_builder);
        using var other = ChildProcess.Start();
        await using var first = await TestService.StartAsync(_orders);
        await using var second = await TestService.StartAsync(_orders, other.Process, status => status with { Items = [] });

        var answer = await model.AnswerAsync(_orders, TestUrl, ("url", "/health"));

        Assert.Contains(
            "In at least one process: '/health' is excluded in 'orders' by '^/health$', from the app-wide list.",
            answer,
            StringComparison.Ordinal);
        Assert.Contains("In at least one process: No excluded URL of 'orders' matches '/health'.", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "1 of 2 processes hasn't reported its list.")]
    [InlineData(3, "2 of 3 processes haven't reported their lists.")]
    public async Task Processes_without_a_report_are_counted(int replicas, string count)
    {
        _orders.WithReplicas(replicas);
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        await model.SetRunningAsync(_orders);

        Assert.Equal(
            $"'/health' is excluded in 'orders' by '^/health$', from the app-wide list. {count}",
            await model.AnswerAsync(_orders, TestUrl, ("url", "/health")));
    }

    [Fact]
    public async Task Without_a_running_service_the_AppHosts_list_answers_and_says_so()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_orders);
        const string reason = "The service isn't running and may add its own items.";

        Assert.Equal(
            $"'/health' would be excluded in 'orders' by '^/health$', from the app-wide list. {reason}",
            await model.AnswerAsync(_orders, TestUrl, ("url", "/health")));
        Assert.Equal(
            $"'http://internal.example/' would be excluded in 'orders' by '://internal[.]', from OTEL_DOTNET_EXCLUDED_URLS. {reason}",
            await model.AnswerAsync(_orders, TestUrl, ("url", "http://internal.example/")));
        Assert.Equal(
            $"'/' is not excluded by the AppHost's list of 'orders'. {reason}", await model.AnswerAsync(_orders, TestUrl, ("url", "/")));
    }

    [Fact]
    public async Task Before_the_first_report_the_answer_is_from_the_AppHosts_list()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_orders);
        await model.SetRunningAsync(_orders);

        Assert.Equal(
            "'/health' would be excluded in 'orders' by '^/health$', from the app-wide list. "
            + "The service hasn't reported its list yet and may add its own items.",
            await model.AnswerAsync(_orders, TestUrl, ("url", "/health")));
    }

    [Fact]
    public async Task An_edited_pattern_is_named_as_edited()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        await model.SetRunningAsync(_orders);

        await model.AnswerAsync(_orders, Edit, ("add", "^/$"));

        Assert.Equal(
            "'/' is excluded in 'orders' by '^/$', from the list edited in this run.",
            await model.AnswerAsync(_orders, TestUrl, ("url", "/")));
        Assert.EndsWith("from the app-wide list.", await model.AnswerAsync(_orders, TestUrl, ("url", "/health")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_resources_answer_at_once()
    {
        var catalog = _builder.AddProject<TestProject>("catalog");
        _builder.AddExecutable("web", "node", ".").WithOtlpExporter().WithHttpEndpoint(name: "http");
        await using var model = await TestModel.StartAsync(_builder);
        await using var orders = await TestService.StartAsync(_orders);
        await using var service = await TestService.StartAsync(catalog);

        Assert.Equal(
            """
            '/client/1/info' is excluded in 'orders' by 'client/.*/info', from the list of 'orders'.
            No excluded URL of 'catalog' matches '/client/1/info'. Another filter, the sampler or [ExcludeFromTracing] can still exclude it.
            """.ReplaceLineEndings("\n"),
            await model.AnswerAsync(catalog, TestUrl, ("url", "/client/1/info"), ("all-resources", "true")));
    }

    [Theory]
    [InlineData("health")]
    [InlineData("ftp://h/a")]
    [InlineData("/a%00b")]
    public async Task What_is_neither_a_path_nor_a_web_address_is_refused(string url)
    {
        await using var model = await TestModel.StartAsync(_builder);

        Assert.Equal(
            $"'{url}' is neither a path that starts with a slash nor an http or https URL, or it contains %00.",
            await model.FailAsync(_orders, TestUrl, ("url", url)));
    }

    [Fact]
    public async Task A_missing_URL_is_refused()
    {
        await using var model = await TestModel.StartAsync(_builder);

        Assert.False((await model.ExecuteAsync(_orders, TestUrl)).Success);
    }

    [Theory]
    [InlineData("(a+)+!|healthz$", "is excluded in 'orders' by '(a+)+!|healthz$'")]
    [InlineData("(?=(a+)+!)|healthz$", "No excluded URL of 'orders' matches")]
    public async Task A_pattern_that_backtracks_for_ever_answers_as_the_service_decides(string pattern, string answer)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders, change: status => status with { Items = [new(pattern, "code")] });

        Assert.Contains(
            answer, await model.AnswerAsync(_orders, TestUrl, ("url", $"/{new string('a', 60)}/healthz")), StringComparison.Ordinal);
    }

    private static ServiceStatus AddOwnItems(ServiceStatus status) => status with
    {
        Items =
        [
            .. status.Items,
            new ServiceStatus.Item("^/from/code$", "code"),
            new ServiceStatus.Item("^/from/variable$", AspNetCoreUrls),
        ],
    };
}
