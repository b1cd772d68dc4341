using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

public sealed class PythonListTests
{
    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder();
    private readonly IResourceBuilder<ExecutableResource> _reviews;

    public PythonListTests() => _reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("here");

    [Fact]
    public async Task The_list_of_one_instrumentation_is_in_property_test_and_edit()
    {
        _reviews.WithEnvironment(FastApiUrls, "users");
        await using var model = await TestModel.StartAsync(_builder);

        Assert.Equal("users,here", await TestModel.GetVariableAsync(_reviews, FastApiUrls));

        Assert.Equal("Not running: users, here.", model.GetProperty(_reviews));
        Assert.StartsWith(
            "'/users' would be excluded in 'reviews' by 'users', from OTEL_PYTHON_FASTAPI_EXCLUDED_URLS.",
            await model.AnswerAsync(_reviews, TestUrl, ("url", "/users")),
            StringComparison.Ordinal);
        Assert.Equal(
            "Patterns, separated by commas. Current list:\n\n- `` users ``\n- `` here ``",
            TestModel.GetArguments(_reviews, Edit)[0].Description);
    }

    [Fact]
    public async Task A_value_is_resolved_for_the_resource_that_reads_it()
    {
        _reviews.WithEnvironment(context => context.EnvironmentVariables[PythonUrls] = new CallerName());
        await using var model = await TestModel.StartAsync(_builder);

        Assert.Equal("reviews,here", await TestModel.GetVariableAsync(_reviews, PythonUrls));
    }

    [Fact]
    public async Task Saving_the_dialog_unchanged_changes_nothing()
    {
        _reviews.WithEnvironment(FastApiUrls, "users");
        await using var model = await TestModel.StartAsync(_builder);
        var variables = await TestModel.GetVariablesAsync(_reviews);
        var property = model.GetProperty(_reviews);

        Assert.Equal("Excluded URLs of 'reviews'. Not running: users, here.", await model.AnswerAsync(_reviews, Edit));

        Assert.Equal(property, model.GetProperty(_reviews));
        var restarted = await TestModel.GetVariablesAfterRestartAsync(_reviews);
        Assert.Equal(variables, restarted.ToDictionary(variable => variable.Key, variable => (string)variable.Value));
    }

    [Fact]
    public async Task An_edit_keeps_the_items_of_one_instrumentation()
    {
        _reviews.WithEnvironment(FastApiUrls, "users");
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_reviews);

        await model.AnswerAsync(_reviews, Edit, ("add", "new"));

        Assert.Equal("users,here,new", await TestModel.GetUnresolvedAsync(_reviews, FastApiUrls));
        Assert.Equal("users,here,new", await TestModel.GetUnresolvedAsync(_reviews, PythonUrls));
    }

    [Fact]
    public async Task An_edit_keeps_items_in_Pythons_syntax_out_of_the_variable_of_DotNet()
    {
        var app = _builder.AddContainer("app", "image").WithExcludedUrls("here").WithEnvironment(PythonUrls, "here,(?P<x>a)");
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(app);

        await model.AnswerAsync(app, Edit, ("add", "new"));

        Assert.Equal("here,new", await TestModel.GetUnresolvedAsync(app, DotNetUrls));
        Assert.Equal("here,(?P<x>a),new", await TestModel.GetUnresolvedAsync(app, PythonUrls));
    }

    [Fact]
    public async Task An_edited_list_replaces_every_variable()
    {
        _reviews.WithEnvironment(FlaskUrls, "users");
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_reviews);

        await model.AnswerAsync(_reviews, Edit, ("patterns", "/a{1,2}$"));

        Assert.Equal("/(?:aa|a)(?![^?])", await TestModel.GetUnresolvedAsync(_reviews, FlaskUrls));
        Assert.Equal("/(?:aa|a)(?![^?])", await TestModel.GetUnresolvedAsync(_reviews, PythonUrls));
    }

    [Theory]
    [InlineData("add", @"\p{L}", false)]
    [InlineData("patterns", @"here,\p{L}", false)]
    [InlineData("add", @"\p{L}", true)]
    public async Task A_new_pattern_that_Python_does_not_support_is_refused(string argument, string value, bool allResources)
    {
        IResourceBuilder<IResource> resource = allResources
            ? _builder.AddProject<TestProject>("orders").WithExcludedUrls("here")
            : _reviews;
        await using var model = await TestModel.StartAsync(_builder);

        Assert.Equal(
            @"The pattern '\p{L}' can't be used in 'reviews': Python has no Unicode categories.",
            await model.FailAsync(resource, Edit, (argument, value), ("all-resources", $"{allResources}")));

        Assert.Equal("Not running: here.", model.GetProperty(_reviews));
    }

    [Fact]
    public async Task A_declared_pattern_that_Python_does_not_support_does_not_prevent_an_edit()
    {
        _reviews.WithExcludedUrls(@"\p{L}");
        await using var model = await TestModel.StartAsync(_builder);

        await model.AnswerAsync(_reviews, Edit, ("add", "new"));

        Assert.Equal("here,new", await TestModel.GetUnresolvedAsync(_reviews, PythonUrls));
    }

    [Fact]
    public async Task Pythons_own_items_keep_their_syntax_in_an_edit()
    {
        // A lookbehind is refused in .NET's items, and a dollar sign would become the end of the path.
        _reviews.WithEnvironment(PythonUrls, "(?<!x)/a$");
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_reviews);

        await model.AnswerAsync(_reviews, Edit, ("add", "new"));

        Assert.Equal("(?<!x)/a$,here,new", await TestModel.GetUnresolvedAsync(_reviews, PythonUrls));
        Assert.Empty(model.Warnings);
    }

    [Fact]
    public async Task The_users_list_is_split_at_each_comma_as_Python_does()
    {
        _reviews.WithEnvironment(PythonUrls, "/a{1,2}$");
        await using var model = await TestModel.StartAsync(_builder);

        Assert.Equal("/a{1,2}$,here", await TestModel.GetVariableAsync(_reviews, PythonUrls));
        Assert.StartsWith("'/aa' is not excluded", await model.AnswerAsync(_reviews, TestUrl, ("url", "/aa")), StringComparison.Ordinal);
        Assert.StartsWith("Not running: /a{1, 2}$, here.", model.GetProperty(_reviews), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/health?x=1", "would be excluded in 'reviews' by '^/health$', from the list of 'reviews'.")]
    [InlineData("/orders?next=/client/1/info", "would be excluded in 'reviews' by 'client/.*/info', from the list of 'reviews'.")]
    [InlineData("/Ärger", "is not excluded by the AppHost's list of 'reviews'.")]
    [InlineData("/users", "would be excluded in 'reviews' by '^http://[^/]*/users$', from OTEL_PYTHON_EXCLUDED_URLS.")]
    public async Task A_URL_is_tested_as_Python_searches_it(string url, string answer)
    {
        _reviews.WithExcludedUrls("^/health$", "client/.*/info", @"^/\p{Lu}").WithEnvironment(PythonUrls, "^http://[^/]*/users$");
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_reviews);

        Assert.Equal(
            $"'{url}' {answer} The service doesn't report whether it reads the list, and may add its own items.",
            await model.AnswerAsync(_reviews, TestUrl, ("url", url)));
    }

    [Theory]
    [InlineData("^/t/[a-z0-9]{1,20}$", "/t/abc", 0)]
    [InlineData("^/health$", "/health?x=", 1_100)]
    public async Task A_pattern_for_Python_has_no_limit_of_the_matcher(string pattern, string url, int padding)
    {
        _reviews.WithExcludedUrls(pattern);
        await using var model = await TestModel.StartAsync(_builder);

        Assert.Contains(
            $"would be excluded in 'reviews' by '{pattern}'",
            await model.AnswerAsync(_reviews, TestUrl, ("url", url + new string('a', padding))),
            StringComparison.Ordinal);
    }

    private sealed class CallerName : IValueProvider
    {
        public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => new("nobody");

        public ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken = default) =>
            new(context.Caller?.Name);
    }
}
