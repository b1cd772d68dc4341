using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

public sealed class EditTests
{
    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
    private readonly IResourceBuilder<ProjectResource> _orders;

    public EditTests() => _orders = _builder.AddProject<TestProject>("orders").WithExcludedUrls("a,b").WithEnvironment(DotNetUrls, "users");

    [Theory]
    [InlineData("add", "new,b{1,2}", new[] { "users", "everywhere", "a,b", "new", "b{1,2}" })]
    [InlineData("remove", "everywhere", new[] { "users", "a,b" })]
    [InlineData("remove", @"users,a\,b", new[] { "everywhere" })]
    [InlineData("remove", "*", new string[0])]
    [InlineData("patterns", "^/a$,b", new[] { "^/a$", "b" })]
    public async Task An_edit_changes_the_list(string argument, string value, string[] expected)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);

        var answer = await model.AnswerAsync(_orders, Edit, (argument, value));

        var shown = string.Join(", ", expected).Replace("a,b", @"a\,b", StringComparison.Ordinal);
        var list = expected.Length == 0 ? "The list of 'orders' is empty." : $"The list of 'orders' is {shown}.";
        Assert.StartsWith($"{list} 'orders' isn't running and reads the list when it starts.", answer, StringComparison.Ordinal);
        Assert.Equal(expected, service.ReadList());
    }

    [Theory]
    [InlineData("add", "everywhere,users")]
    [InlineData("patterns", @"users, everywhere, a\,b")]
    [InlineData("reset", "true")]
    public async Task An_edit_without_a_change_answers_Nothing_changed(string argument, string value)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);

        Assert.Equal(
            @"The list of 'orders' is users, everywhere, a\,b. Nothing changed.",
            await model.AnswerAsync(_orders, Edit, (argument, value)));

        Assert.Equal(@"Not running: users, everywhere, a\,b.", model.GetProperty(_orders));
    }

    [Fact]
    public async Task Patterns_are_added_and_removed_in_one_edit()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);

        await model.AnswerAsync(_orders, Edit, ("add", "new"), ("remove", "*"));

        Assert.Equal(["new"], service.ReadList());
    }

    [Fact]
    public async Task A_reset_returns_to_the_declared_list()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        await model.AnswerAsync(_orders, Edit, ("remove", "*"));
        Assert.Equal("", await TestModel.GetUnresolvedAsync(_orders, DotNetUrls));

        var answer = await model.AnswerAsync(_orders, Edit, ("reset", "true"));

        Assert.StartsWith(@"The list of 'orders' is users, everywhere, a\,b.", answer, StringComparison.Ordinal);
        Assert.Equal(["users", "everywhere", "a,b"], service.ReadList());
        Assert.Equal(@"users,everywhere,a\,b", await TestModel.GetUnresolvedAsync(_orders, DotNetUrls));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_after_an_edit_before_the_first_start_keeps_the_users_list(bool isParameter)
    {
        if (isParameter)
        {
            _orders.WithEnvironment(DotNetUrls, _builder.AddParameter("users", "users"));
        }

        await using var model = await TestModel.StartAsync(_builder);
        await model.AnswerAsync(_orders, Edit, ("patterns", "edited"));
        Assert.Equal("edited", await TestModel.GetUnresolvedAsync(_orders, DotNetUrls));

        await model.AnswerAsync(_orders, Edit, ("reset", "true"));

        Assert.Equal(@"users,everywhere,a\,b", await TestModel.GetUnresolvedAsync(_orders, DotNetUrls));
        Assert.Equal(@"Not running: users, everywhere, a\,b.", model.GetProperty(_orders));
    }

    [Theory]
    [InlineData("add", "new", @"users,everywhere,a\,b,new")]
    [InlineData("remove", "everywhere", @"users,a\,b")]
    [InlineData("remove", "*", "")]
    [InlineData("patterns", "new", "new")]
    [InlineData("patterns", @"everywhere,a\,b", @"everywhere,a\,b")]
    public async Task An_edit_before_the_first_start_keeps_what_it_does_not_concern(string argument, string value, string expected)
    {
        await using var model = await TestModel.StartAsync(_builder);

        await model.AnswerAsync(_orders, Edit, (argument, value));

        var written = await TestModel.GetUnresolvedAsync(_orders, DotNetUrls);
        Assert.Equal(expected.Split(',').Order(), Assert.IsType<string>(written).Split(',').Order());
        Assert.Equal(written, await TestModel.GetUnresolvedAsync(_orders, DotNetUrls));
    }

    [Fact]
    public async Task No_argument_answers_the_list_and_changes_nothing()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        var property = model.GetProperty(_orders);

        Assert.Equal(@"Excluded URLs of 'orders'. Not running: users, everywhere, a\,b.", await model.AnswerAsync(_orders, Edit));

        Assert.Equal(["users", "everywhere", "a,b"], service.ReadList());
        Assert.Equal(property, model.GetProperty(_orders));
    }

    [Theory]
    [InlineData("patterns", "x", "add", "y")]
    [InlineData("patterns", "x", "remove", "everywhere")]
    [InlineData("patterns", "x", "reset", "true")]
    [InlineData("reset", "true", "add", "y")]
    [InlineData("reset", "true", "remove", "everywhere")]
    public async Task Contradictory_arguments_are_refused(string first, string firstValue, string second, string secondValue)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);

        var error = await model.FailAsync(_orders, Edit, (first, firstValue), (second, secondValue));

        Assert.Equal("Only 'add' and 'remove' can be combined. Use 'patterns' or 'reset' alone.", error);
        Assert.Equal(["users", "everywhere", "a,b"], service.ReadList());
    }

    [Theory]
    [InlineData("add", "good,(", "The pattern '(' is invalid: ")]
    [InlineData("patterns", "good,(", "The pattern '(' is invalid: ")]
    [InlineData("add", "[z-a]", "The pattern '[z-a]' is invalid: ")]
    [InlineData("patterns", "base64:*", "The list can't be read: ")]
    [InlineData("remove", "base64:*", "The list can't be read: ")]
    [InlineData("patterns", ",", "',' contains no pattern. To remove all patterns, use 'remove' with '*'.")]
    [InlineData("add", " , ", "',' contains no pattern. ")]
    [InlineData("remove", "unknown", @"The pattern 'unknown' is not in the list. The list of 'orders' is users, everywhere, a\,b.")]
    public async Task A_bad_argument_is_refused_and_changes_nothing(string argument, string value, string error)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        var property = model.GetProperty(_orders);

        Assert.StartsWith(error, await model.FailAsync(_orders, Edit, (argument, value)), StringComparison.Ordinal);

        Assert.Equal(["users", "everywhere", "a,b"], service.ReadList());
        Assert.Equal(property, model.GetProperty(_orders));
    }

    [Fact]
    public async Task A_list_that_a_variable_has_no_room_for_is_refused()
    {
        var catalog = _builder.AddProject<TestProject>("catalog").WithExcludedUrls(LongPatterns.Create('a', count: 25, length: 1_000));
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(catalog);
        var list = service.ReadList();

        var error = await model.FailAsync(catalog, Edit, ("add", string.Join(',', LongPatterns.Create('é', count: 7, length: 1_000))));

        Assert.Contains(
            "The list of excluded URLs for 'catalog' is too long: OTEL_DOTNET_EXCLUDED_URLS would have ",
            error,
            StringComparison.Ordinal);
        Assert.Equal(list, service.ReadList());
    }

    [Fact]
    public async Task Edits_at_the_same_time_do_not_exceed_the_room_together()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        var live = _orders.Resource.Annotations.OfType<LiveResource>().Single();
        var current = live.Current;

        // Both were validated before the first one was applied.
        Assert.True(live.Edit(urls => Append(urls, '1'), replacesAll: false));
        Assert.Throws<InvalidOperationException>(() => { live.Edit(urls => Append(urls, '2'), replacesAll: false); });

        Assert.Equal(Append(current, '1'), live.Current.Select(url => url.Pattern));
        Assert.Equal(Append(current, '1'), service.ReadList());

        static string[] Append(IEnumerable<ListedUrl> urls, char character) =>
            [.. urls.Select(url => url.Pattern), .. LongPatterns.Create(character, count: 20, length: 1_000)];
    }

    [Fact]
    public async Task A_reset_is_possible_if_the_current_list_has_become_too_long()
    {
        var variable = "";
        _orders.WithEnvironment(context => context.EnvironmentVariables[DotNetUrls] = variable);
        await using var model = await TestModel.StartAsync(_builder);
        foreach (var character in "1234")
        {
            await model.AnswerAsync(
                _orders, Edit, ("add", string.Join(',', LongPatterns.Create(character, count: 7, length: 1_000))));
        }

        variable = string.Join(',', LongPatterns.Create('u', count: 7, length: 1_000));
        await Assert.ThrowsAsync<InvalidOperationException>(() => TestModel.GetVariablesAfterRestartAsync(_orders));

        await model.AnswerAsync(_orders, Edit, ("reset", "true"));

        Assert.Equal($@"{variable},everywhere,a\,b", await TestModel.GetUnresolvedAsync(_orders, DotNetUrls));
    }

    [Fact]
    public async Task A_list_that_is_too_long_in_Pythons_syntax_is_refused()
    {
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(_builder);

        var error = await model.FailAsync(
            reviews,
            Edit,
            ("patterns", string.Join(',', Enumerable.Range(100, 100).Select(i => $"/{i}a{{1,40}}"))));

        Assert.Contains("for 'reviews' is too long: OTEL_PYTHON_EXCLUDED_URLS", error, StringComparison.Ordinal);
        Assert.Equal("here", await TestModel.GetUnresolvedAsync(reviews, PythonUrls));
    }

    [Fact]
    public async Task Half_of_a_surrogate_pair_is_refused()
    {
        await using var model = await TestModel.StartAsync(_builder);

        Assert.EndsWith(
            " is invalid: It contains half of a surrogate pair.",
            await model.FailAsync(_orders, Edit, ("add", "a\ud83db")),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalid_pattern_for_Python_is_refused_with_its_reason_alone()
    {
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(_builder);

        Assert.StartsWith(
            "The pattern '^/[z-a]' is invalid: ", await model.FailAsync(reviews, Edit, ("add", "^/[z-a]")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_resources_are_edited_at_once()
    {
        var catalog = _builder.AddProject<TestProject>("catalog");
        _builder.AddExecutable("web", "node", ".").WithOtlpExporter().WithHttpEndpoint(name: "http");
        await using var model = await TestModel.StartAsync(_builder);
        await using var orders = await TestService.StartAsync(_orders);
        await using var service = await TestService.StartAsync(catalog);

        var answer = await model.AnswerAsync(_orders, Edit, ("add", "new"), ("all-resources", "true"));

        Assert.Equal(
            """
            The list of 'orders' is users, everywhere, a\,b, new. 'orders' isn't running and reads the list when it starts.
            To keep the added patterns, declare them on 'orders': .WithExcludedUrls("new")
            The list of 'catalog' is everywhere, new. 'catalog' isn't running and reads the list when it starts.
            To keep the added patterns, declare them on 'catalog': .WithExcludedUrls("new")
            """.ReplaceLineEndings("\n"),
            answer);
        Assert.Equal(["everywhere", "new"], service.ReadList());
    }

    [Fact]
    public async Task All_resources_removes_a_pattern_from_each_list_that_has_it()
    {
        var catalog = _builder.AddProject<TestProject>("catalog").WithExcludedUrls("of-the-catalog");
        await using var model = await TestModel.StartAsync(_builder);
        await using var orders = await TestService.StartAsync(_orders);
        await using var service = await TestService.StartAsync(catalog);

        await model.AnswerAsync(_orders, Edit, ("remove", "of-the-catalog"), ("all-resources", "true"));

        Assert.Equal(["everywhere"], service.ReadList());
        Assert.Equal(["users", "everywhere", "a,b"], orders.ReadList());
    }

    [Fact]
    public async Task A_failed_write_keeps_the_old_list()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders);
        var property = model.GetProperty(_orders);
        BlockWrites(service);

        var error = await model.FailAsync(_orders, Edit, ("patterns", "new"));

        Assert.StartsWith("The list of 'orders' was not changed: ", error, StringComparison.Ordinal);
        Assert.Equal(["users", "everywhere", "a,b"], service.ReadList());
        Assert.Equal(property, model.GetProperty(_orders));
        Assert.Equal(@"Excluded URLs of 'orders'. Not running: users, everywhere, a\,b.", await model.AnswerAsync(_orders, Edit));
        File.Delete(service.StatusPath);
        Assert.StartsWith(
            "'/new' is not excluded",
            await model.AnswerAsync(_orders, TestUrl, ("url", "/new")),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_write_of_one_resource_does_not_hide_the_edits_of_others()
    {
        var catalog = _builder.AddProject<TestProject>("catalog");
        await using var model = await TestModel.StartAsync(_builder);
        await using var orders = await TestService.StartAsync(_orders);
        await using var service = await TestService.StartAsync(catalog);
        BlockWrites(orders);

        var error = await model.FailAsync(_orders, Edit, ("add", "new"), ("all-resources", "true"));

        Assert.StartsWith("The list of 'orders' was not changed: ", error, StringComparison.Ordinal);
        Assert.Contains(
            "\nThe list of 'catalog' is everywhere, new. 'catalog' isn't running and reads the list when it starts.\n",
            error,
            StringComparison.Ordinal);
        Assert.Equal(["everywhere", "new"], service.ReadList());
    }

    [Fact]
    public async Task An_evaluation_during_an_edit_keeps_the_edited_list()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        for (var i = 0; i < 200; i++)
        {
            var evaluation = Task.Run(() => TestModel.GetVariablesAfterRestartAsync(_orders));
            await model.AnswerAsync(_orders, Edit, ("patterns", $"^/{i}$"));
            await evaluation;

            Assert.Equal([$"^/{i}$"], service.ReadList());
        }
    }

    [Fact]
    public async Task Edits_at_the_same_time_keep_the_patterns_of_each_other()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        string[] added = [.. Enumerable.Range(0, 100).Select(i => $"^/{i}$")];

        await Task.WhenAll(added.Select(pattern => Task.Run(() => model.AnswerAsync(_orders, Edit, ("add", pattern)))));

        Assert.Equal(added.Order(StringComparer.Ordinal), service.ReadList().Intersect(added).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("x", "y")]
    [InlineData("here", "")]
    [InlineData(null, "")]
    public async Task A_pattern_that_a_variable_gains_later_does_not_join_a_replaced_list(string? replacement, string added)
    {
        var variable = "";
        _orders.WithEnvironment(context => context.EnvironmentVariables[DotNetUrls] = variable);
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        await model.AnswerAsync(_orders, Edit, ("add", "before"));
        var current = string.Join(',', service.ReadList());
        await model.AnswerAsync(_orders, Edit, ("patterns", replacement ?? current));
        await model.AnswerAsync(_orders, Edit, ("add", added));

        variable = "^/two$";
        await TestModel.GetVariablesAfterRestartAsync(_orders);

        Assert.DoesNotContain("^/two$", service.ReadList());
    }

    [Fact]
    public async Task A_pattern_that_a_variable_gains_later_joins_the_edited_list()
    {
        var variable = "^/one$";
        _orders.WithEnvironment(context => context.EnvironmentVariables[DotNetUrls] = variable);
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        await model.AnswerAsync(_orders, Edit, ("add", "new"), ("remove", "^/one$"));

        variable = "^/one$,^/two$";
        await TestModel.GetVariablesAfterRestartAsync(_orders);

        Assert.Contains("^/two$", service.ReadList());
        Assert.Contains("new", service.ReadList());
        Assert.DoesNotContain("^/one$", service.ReadList());
    }

    // A folder stands where the new list is written before it is renamed.
    private static void BlockWrites(TestService service) => Directory.CreateDirectory($"{service.ListPath}.next");
}
