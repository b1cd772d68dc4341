using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests.Headers;

public sealed class HeadersTests
{
    private const string Variables = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_";

    [Theory, InlineData(DistributedApplicationOperation.Run), InlineData(DistributedApplicationOperation.Publish)]
    public async Task Names_add_up_with_the_app_wide_ones_and_the_users_in_whatever_order(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation);
        var orders = builder.AddProject<TestProject>("orders").WithCapturedRequestHeaders("x-tenant", "x-.*").WithCapturedResponseHeaders("etag").WithSanitizedHeaders("secret");
        orders.WithEnvironment(Variables + "SERVER_REQUEST", "X-Tenant , accept");
        var catalog = builder.AddContainer("catalog", "image").WithOtlpExporter();
        var silent = builder.AddContainer("silent", "image");
        builder.WithCapturedRequestHeaders("user-agent").WithCapturedResponseHeaders("ETag").WithSanitizedHeaders("token");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("X-Tenant,accept,user-agent,x-tenant,x-.*", await TestModel.GetVariableAsync(orders, Variables + "SERVER_REQUEST"));
        Assert.Equal("ETag,etag", await TestModel.GetVariableAsync(orders, Variables + "SERVER_RESPONSE"));
        Assert.Equal("token,secret", await TestModel.GetVariableAsync(orders, Variables + "SANITIZE_FIELDS"));
        Assert.Equal("user-agent", await TestModel.GetUnresolvedAsync(catalog, Variables + "SERVER_REQUEST"));
        Assert.Equal("authorization,cookie,set-cookie,proxy-authorization,x-api-key,token", await TestModel.GetUnresolvedAsync(catalog, Variables + "SANITIZE_FIELDS"));
        Assert.Empty(await TestModel.GetVariablesAsync(silent));
        Assert.Null(await TestModel.GetVariableAsync(orders, "Aspire__RouteTracing__ExclusionKey"));
        Assert.Empty(model.Warnings);
    }

    [Theory, InlineData(DistributedApplicationOperation.Run), InlineData(DistributedApplicationOperation.Publish)]
    public async Task Names_follow_a_value_that_is_known_only_where_it_is_deployed(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation);
        var users = builder.AddParameter("users", "accept");
        builder.AddResource(new DockerComposeEnvironmentResource("compose"));
        var orders = builder.AddProject<TestProject>("orders").WithCapturedRequestHeaders("x-a{2}", "x-}").WithEnvironment(Variables + "SERVER_REQUEST", users);
        await using var model = await TestModel.StartAsync(builder);

        var value = Assert.IsType<ReferenceExpression>(await TestModel.GetUnresolvedAsync(orders, Variables + "SERVER_REQUEST"));
        Assert.Equal("accept,x-a{2},x-}", await value.GetValueAsync(TestContext.Current.CancellationToken));
        Assert.Empty(model.Warnings);
    }

    [Fact]
    public async Task Expressions_that_differ_in_case_alone_are_two()
    {
        var orders = TestModel.CreateBuilder().AddProject<TestProject>("orders").WithCapturedRequestHeaders(@"x-\d", @"x-\D", @"x-\d");

        Assert.Equal(@"x-\d,x-\D", await TestModel.GetVariableAsync(orders, Variables + "SERVER_REQUEST"));
    }

    [Fact]
    public async Task A_resource_that_reads_no_such_variable_and_a_name_that_is_not_carried_are_named()
    {
        var builder = TestModel.CreateBuilder(DistributedApplicationOperation.Publish);
        builder.AddExecutable("web", "node", ".").WithSanitizedHeaders("token");
        var orders = builder.AddProject<TestProject>("orders").WithCapturedRequestHeaders("x-a{2}", "accept");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("accept", await TestModel.GetVariableAsync(orders, Variables + "SERVER_REQUEST"));
        Assert.Collection(
            model.Warnings,
            warning => Assert.StartsWith("'web' is not told which headers to capture", warning, StringComparison.Ordinal),
            warning => Assert.StartsWith("The header's name 'x-a{2}' is left out of 'orders'", warning, StringComparison.Ordinal));
    }

    [Theory, InlineData(""), InlineData("a,b"), InlineData("("), InlineData("(?=a)"), InlineData(null)]
    public void A_name_that_no_service_could_read_is_refused_at_once(string? name)
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders");

        Action[] calls =
        [
            () => builder.WithCapturedRequestHeaders(name!), () => builder.WithCapturedResponseHeaders(name!), () => builder.WithSanitizedHeaders(name!),
            () => orders.WithCapturedRequestHeaders(name!), () => orders.WithCapturedResponseHeaders(name!), () => orders.WithSanitizedHeaders(name!),
        ];

        Assert.All(calls, call => Assert.Contains($"'{name}'", Assert.Throws<ArgumentException>("names", call).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_missing_builder_or_list_is_named()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders");
        IResourceBuilder<ProjectResource> none = null!;

        Assert.Throws<ArgumentNullException>("builder", () => none.WithCapturedRequestHeaders("a"));
        Assert.Throws<ArgumentNullException>("builder", () => none.WithCapturedResponseHeaders("a"));
        Assert.Throws<ArgumentNullException>("builder", () => none.WithSanitizedHeaders("a"));
        Assert.Throws<ArgumentNullException>("names", () => orders.WithCapturedRequestHeaders(null!));
        Assert.Throws<ArgumentNullException>("names", () => builder.WithCapturedResponseHeaders(null!));
        Assert.Throws<ArgumentNullException>("names", () => builder.WithSanitizedHeaders(null!));
    }

    // Recognised by its name, as Aspire.Hosting.Docker's is.
    private sealed class DockerComposeEnvironmentResource(string name) : Resource(name), IComputeEnvironmentResource;
}
