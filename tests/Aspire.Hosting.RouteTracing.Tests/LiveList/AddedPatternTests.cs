using Aspire.Hosting.ApplicationModel;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

/// <summary>The answer of an edit ends with the code that keeps the added patterns.</summary>
public sealed class AddedPatternTests
{
    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder();
    private readonly IResourceBuilder<ProjectResource> _orders;

    public AddedPatternTests() => _orders = _builder.AddProject<TestProject>("orders").WithExcludedUrls("a");

    [Theory]
    [InlineData("^/x", """
        "^/x"
        """)]
    [InlineData(@"^/\d+$", """
        "^/\\d+$"
        """)]
    [InlineData("say \"x\"", """"
        "say \"x\""
        """")]
    [InlineData("日本", """
        "日本"
        """)]
    [InlineData("a\tb\\\\x\"", """
        "a\tb\\\\x\""
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
        _orders.WithEnvironment(DotNetUrls, _builder.AddParameter("secret", "hidden", secret: true));
        await using var model = await TestModel.StartAsync(_builder);
        await TestModel.GetVariablesAsync(_orders);

        Assert.EndsWith(
            ": .WithExcludedUrls(\"b\", \"c\")",
            await model.AnswerAsync(_orders, Edit, ("add", "hidden,b,c"), ("remove", "a")),
            StringComparison.Ordinal);
    }
}
