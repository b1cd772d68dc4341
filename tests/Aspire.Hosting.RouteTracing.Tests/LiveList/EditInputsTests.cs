using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

public sealed class EditInputsTests
{
    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder();
    private readonly IResourceBuilder<ProjectResource> _orders;

    public EditInputsTests() => _orders = _builder.AddProject<TestProject>("orders").WithExcludedUrls("a,b", "c");

    [Fact]
    public async Task The_inputs_are_empty()
    {
        await using var model = await TestModel.StartAsync(_builder);

        var inputs = TestModel.GetArguments(_orders, Edit);

        Assert.Equal(["add", "remove", "patterns", "reset", "all-resources"], inputs.Select(input => input.Name));
        Assert.All(inputs, input => Assert.True(input.Value is null or "false", input.Name));
    }

    [Fact]
    public async Task The_list_is_shown_with_one_pattern_per_line()
    {
        await using var model = await TestModel.StartAsync(_builder);
        var add = TestModel.GetArguments(_orders, Edit)[0];

        Assert.Equal("Patterns, separated by commas. Current list:\n\n- `` a\\,b ``\n- `` c ``", add.Description);
        Assert.True(add.EnableDescriptionMarkdown);
    }

    [Theory]
    [InlineData("a`b", "`` a`b ``")]
    [InlineData("a``b", "``` a``b ```")]
    [InlineData("````", "````` ```` `````")]
    public async Task A_pattern_with_backticks_is_shown_as_it_is(string pattern, string code)
    {
        await using var model = await TestModel.StartAsync(_builder);

        await model.AnswerAsync(_orders, Edit, ("patterns", pattern));

        Assert.EndsWith($"\n- {code}", model.GetShownArguments(_orders, Edit).Arguments[0].Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\n\n# x\n")]
    public async Task A_pattern_with_line_breaks_is_shown_in_one_line(string lineBreak)
    {
        _orders.WithExcludedUrls($"(?x){lineBreak}d");
        await using var model = await TestModel.StartAsync(_builder);

        var lines = TestModel.GetArguments(_orders, Edit)[0].Description!.Split(["\n", "\r"], StringSplitOptions.None);

        Assert.Equal(5, lines.Length);
        Assert.StartsWith("- `` (?:(?x)↵", lines[4], StringComparison.Ordinal);
        Assert.EndsWith("d) ``", lines[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_edited_list_is_shown_as_edited()
    {
        await using var model = await TestModel.StartAsync(_builder);

        await model.AnswerAsync(_orders, Edit, ("add", "d"));
        Assert.Equal(
            "Patterns, separated by commas. Edited in this run. Current list:\n\n- `` a\\,b ``\n- `` c ``\n- `` d ``",
            model.GetShownArguments(_orders, Edit).Arguments[0].Description);

        await model.AnswerAsync(_orders, Edit, ("remove", "*"));
        Assert.Equal(
            "Patterns, separated by commas. Edited in this run. The list is empty.",
            model.GetShownArguments(_orders, Edit).Arguments[0].Description);
    }

    [Fact]
    public async Task Each_pattern_and_all_of_them_can_be_chosen_to_be_removed()
    {
        await using var model = await TestModel.StartAsync(_builder);

        var remove = TestModel.GetArguments(_orders, Edit)[1];

        Assert.Equal([@"a\,b", "c", "*"], remove.Options!.Select(option => option.Key));
        Assert.Equal(["a,b", "c", "All patterns"], remove.Options!.Select(option => option.Value));
        await model.AnswerAsync(_orders, Edit, ("remove", @"a\,b"));
        Assert.Equal(["c", "*"], TestModel.GetArguments(_orders, Edit)[1].Options!.Select(option => option.Key));
    }

    [Fact]
    public async Task A_list_is_shown_even_if_the_property_stays_the_same()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.StartAsync(_orders, change: status => status with { Enabled = false });
        await model.SetRunningAsync(_orders);
        const string property = "Edited in this run. Route tracing is disabled in the service.";

        await model.FailAsync(_orders, Edit, ("patterns", "d"));
        Assert.Equal(property, model.GetProperty(_orders));
        var before = model.GetShownArguments(_orders, Edit);
        await model.FailAsync(_orders, Edit, ("patterns", "e"));

        // The dashboard gets a state only if its version differs.
        var (arguments, version) = model.GetShownArguments(_orders, Edit);
        Assert.Equal(property, model.GetProperty(_orders));
        Assert.NotEqual(before.Version, version);
        Assert.Equal("Patterns, separated by commas. Edited in this run. Current list:\n\n- `` e ``", arguments[0].Description);
    }

    [Fact]
    public async Task The_arguments_of_a_command_of_the_user_with_this_name_stay()
    {
        InteractionInput[] own = [new() { Name = "own", InputType = InputType.Text }];
        _orders.WithCommand(
            Edit, "Own", _ => Task.FromResult(CommandResults.Success()), new CommandOptions { Arguments = own });
        await using var model = await TestModel.StartAsync(_builder);

        Assert.Same(own[0], Assert.Single(model.GetShownArguments(_orders, Edit).Arguments));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("a\nb,(?:a\nb)")]
    public async Task Two_patterns_that_are_written_alike_are_one_option(string list)
    {
        var reviews = _builder.AddExecutable("reviews", "python3", ".").WithEnvironment(PythonUrls, list);
        reviews.WithExcludedUrls("x");
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(reviews);

        var options = TestModel.GetArguments(reviews, Edit)[1].Options!;

        Assert.Contains("x", options.Select(option => option.Key));
        Assert.Distinct(options.Select(option => option.Key));
    }

    [Fact]
    public async Task A_list_in_a_variable_is_shown_once_it_is_known()
    {
        _orders.WithEnvironment(DotNetUrls, _builder.AddParameter("users", "users"));
        await using var model = await TestModel.StartAsync(_builder);

        await TestModel.GetVariablesAsync(_orders);

        Assert.Equal(
            "Patterns, separated by commas. Current list:\n\n- `` users ``\n- `` a\\,b ``\n- `` c ``",
            TestModel.GetArguments(_orders, Edit)[0].Description);
    }
}
