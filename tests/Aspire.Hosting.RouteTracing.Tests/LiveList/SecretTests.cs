using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.LiveList;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

public sealed class SecretTests
{
    private const string Secret = "s3cret";

    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder();
    private readonly IResourceBuilder<ProjectResource> _orders;

    public SecretTests() => _orders = _builder.AddProject<TestProject>("orders").WithExcludedUrls("here");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_secret_is_the_whole_variable_and_in_the_file_and_shown_nowhere(bool inExpression)
    {
        AddSecret(_orders, DotNetUrls, Secret, inExpression);
        await using var model = await TestModel.StartAsync(_builder);

        // Aspire hides a secret only if it is the whole value.
        Assert.Equal(Secret, await TestModel.GetVariableAsync(_orders, DotNetUrls));
        Assert.Null(await TestModel.GetVariableAsync(_orders, AspNetCoreUrls));
        await using var service = await TestService.StartAsync(_orders);
        Assert.Equal([Secret, "here"], service.ReadList());
        await model.SetRunningAsync(_orders);

        await model.AssertPropertyAsync(_orders, "In force: (secret), here.");
        AssertNotShown(_orders);
        Assert.Equal(
            "'/s3cret' is excluded in 'orders' by '(secret)', from OTEL_DOTNET_EXCLUDED_URLS.",
            await model.AnswerAsync(_orders, TestUrl, ("url", $"/{Secret}")));
        Assert.Equal("Excluded URLs of 'orders'. In force: (secret), here.", await model.AnswerAsync(_orders, Edit));
    }

    [Fact]
    public async Task A_secret_stays_secret_after_an_edit()
    {
        AddSecret(_orders, DotNetUrls, Secret);
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);

        Assert.StartsWith(
            "The list of 'orders' is (secret), here, new.",
            await model.AnswerAsync(_orders, Edit, ("add", "new")),
            StringComparison.Ordinal);

        Assert.Equal([Secret, "here", "new"], service.ReadList());
        Assert.Equal("Edited in this run. Not running: (secret), here, new.", model.GetProperty(_orders));
        AssertNotShown(_orders);
    }

    [Theory]
    [InlineData("")]
    [InlineData("(bad")]
    public async Task A_list_beside_a_secret_without_items_can_be_edited(string secret)
    {
        AddSecret(_orders, DotNetUrls, secret);
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);

        Assert.Null(await TestModel.GetVariableAsync(_orders, AspNetCoreUrls));
        Assert.Equal(["here"], service.ReadList());
    }

    [Fact]
    public async Task Without_a_file_a_list_beside_a_secret_is_in_the_next_variable()
    {
        AddSecret(_orders, DotNetUrls, Secret);
        await using var model = await TestModel.StartAsync(_builder);
        var folder = model.Services.GetRequiredService<LiveListFolder>().GetPath("orders");
        await File.WriteAllTextAsync(folder, "", TestContext.Current.CancellationToken);

        Assert.Equal(Secret, await TestModel.GetVariableAsync(_orders, DotNetUrls));
        Assert.Equal("here", await TestModel.GetVariableAsync(_orders, AspNetCoreUrls));
        Assert.StartsWith(
            "The excluded URLs of 'orders' can't be edited while it runs: ", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_of_a_container_is_the_whole_variable_until_its_removal()
    {
        var app = _builder.AddContainer("app", "image").WithExcludedUrls("here");
        AddSecret(app, DotNetUrls, Secret);
        await using var model = await TestModel.StartAsync(_builder);

        Assert.Equal(Secret, await TestModel.GetVariableAsync(app, DotNetUrls));
        Assert.Equal("here", await TestModel.GetVariableAsync(app, AspNetCoreUrls));
        await model.AnswerAsync(app, Edit, ("add", "new"));
        var edited = await TestModel.GetVariablesAfterRestartAsync(app);
        Assert.IsType<ParameterResource>(edited[DotNetUrls]);
        Assert.Equal("here,new", edited[AspNetCoreUrls]);
        await model.AnswerAsync(app, Edit, ("patterns", "new"));
        Assert.Equal("new", await TestModel.GetUnresolvedAsync(app, DotNetUrls));
    }

    [Fact]
    public async Task A_part_of_a_secret_is_not_removed_from_a_container()
    {
        var app = _builder.AddContainer("app", "image").WithExcludedUrls("x");
        AddSecret(app, DotNetUrls, $"x,{Secret}");
        await using var model = await TestModel.StartAsync(_builder);

        await model.AnswerAsync(app, Edit, ("add", "new"));
        Assert.IsType<ParameterResource>((await TestModel.GetVariablesAfterRestartAsync(app))[DotNetUrls]);
        Assert.Empty(model.Warnings);
        await model.AnswerAsync(app, Edit, ("remove", "x"));

        Assert.IsType<ParameterResource>((await TestModel.GetVariablesAfterRestartAsync(app))[DotNetUrls]);
        Assert.Equal(
            "'app' still excludes all patterns of the secret in OTEL_DOTNET_EXCLUDED_URLS, because a part of a secret can't be removed. "
            + "To remove all of it, replace the list.",
            Assert.Single(model.Warnings));
    }

    [Fact]
    public async Task A_former_secret_is_in_no_variable_after_an_edit()
    {
        var secret = _builder.AddParameter("secret", () => Secret, secret: true);
        var app = _builder.AddContainer("app", "image").WithExcludedUrls("here");
        app.WithEnvironment(context => context.EnvironmentVariables[DotNetUrls] = secret.Resource);
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(app);
        await model.AnswerAsync(app, Edit, ("add", "new"));

        secret = _builder.AddParameter("other", () => "other", secret: true);
        var variables = await TestModel.GetVariablesAfterRestartAsync(app);

        Assert.Same(secret.Resource, variables[DotNetUrls]);
        Assert.Equal("here,new", variables[AspNetCoreUrls]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_former_secret_that_the_service_still_reports_is_not_shown(bool isSecretAgain)
    {
        var secret = _builder.AddParameter("secret", () => Secret, secret: true);
        _orders.WithEnvironment(context => context.EnvironmentVariables[DotNetUrls] = secret.Resource);
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        service.Report();
        await model.SetRunningAsync(_orders);

        secret = _builder.AddParameter("other", () => "other", secret: isSecretAgain);
        await TestModel.GetVariablesAfterRestartAsync(_orders);

        await model.AssertPropertyAsync(_orders, "Another list is in force: (secret), here.");
    }

    [Fact]
    public async Task A_secret_is_not_in_a_problem_that_the_service_reports()
    {
        AddSecret(_orders, DotNetUrls, Secret);
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(
            _orders,
            change: status => status with
            {
                Items = [new("here", "file")],
                Problems = [new(new(Secret, "file"), $"It has {Secret}."), new(new("(", "code"), "It is disabled.")],
            });
        await model.SetRunningAsync(_orders);

        await model.AssertPropertyAsync(
            _orders,
            "In force: here. Not applied: (secret). An item from OTEL_DOTNET_EXCLUDED_URLS has a problem, which the service logs. "
            + "'(' from code: It is disabled.");
    }

    [Theory]
    [InlineData(AspNetCoreUrls, AspNetCoreUrls)]
    [InlineData(SettingsUrls, "Aspire:RouteTracing:ExcludedUrls")]
    [InlineData("Aspire__RouteTracing__excludedUrls__0", "Aspire:RouteTracing:ExcludedUrls")]
    public async Task A_secret_in_another_variable_of_the_service_is_shown_nowhere(string variable, string source)
    {
        AddSecret(_orders, variable, $"{Secret},({Secret}");
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(
            _orders,
            change: status => status with
            {
                Items = [new(Secret, source), .. status.Items],
                Problems = [new(new($"({Secret}", source), "Not enough )'s.")],
            });
        await model.SetRunningAsync(_orders);

        await model.AssertPropertyAsync(
            _orders, $"In force: (secret), here. An item from {source} has a problem, which the service logs.");
        Assert.Equal(
            $"'/s3cret' is excluded in 'orders' by '(secret)', from {source}.",
            await model.AnswerAsync(_orders, TestUrl, ("url", $"/{Secret}")));
    }

    [Fact]
    public async Task A_value_of_unknown_origin_is_a_secret()
    {
        _orders.WithEnvironment(context => context.EnvironmentVariables[DotNetUrls] = new Provider());
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_orders);

        Assert.Equal("Not running: (secret), here.", model.GetProperty(_orders));
    }

    [Fact]
    public async Task A_bad_item_of_a_secret_is_not_in_the_warning()
    {
        AddSecret(_orders, DotNetUrls, $"({Secret}");
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_orders);

        Assert.Equal(
            ["The item '(secret)' of OTEL_DOTNET_EXCLUDED_URLS in 'orders' is invalid and was ignored."],
            model.Warnings);
        Assert.DoesNotContain(Secret, model.GetProperty(_orders), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_of_a_Python_service_is_not_in_a_warning_after_an_edit()
    {
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("here");
        AddSecret(reviews, PythonUrls, $"(?<!{Secret})x");
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(reviews);

        await model.AnswerAsync(reviews, Edit, ("add", "new"));
        await TestModel.GetVariablesAfterRestartAsync(reviews);

        Assert.DoesNotContain(model.Warnings, warning => warning.Contains(Secret, StringComparison.Ordinal));
        AssertNotShown(reviews);
    }

    private static void AssertNotShown(IResourceBuilder<IResource> resource) =>
        Assert.All(TestModel.GetArguments(resource, Edit), input =>
        {
            Assert.DoesNotContain(Secret, input.Description ?? "", StringComparison.Ordinal);
            Assert.DoesNotContain(input.Options ?? [], option => option.Key.Contains(Secret, StringComparison.Ordinal));
        });

    private void AddSecret<T>(IResourceBuilder<T> resource, string variable, string value, bool inExpression = false)
        where T : IResourceWithEnvironment
    {
        var parameter = _builder.AddParameter("secret", value, secret: true);
        if (inExpression)
        {
            resource.WithEnvironment(variable, ReferenceExpression.Create($"{parameter}"));
        }
        else
        {
            resource.WithEnvironment(variable, parameter);
        }
    }

    private sealed class Provider : IValueProvider, IManifestExpressionProvider
    {
        public string ValueExpression => "{provider}";

        public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => new(Secret);
    }
}
