using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests.ExcludedUrls;

public sealed class RefusedCallsTests
{
    [Theory]
    [InlineData("(")]
    [InlineData("[a")]
    [InlineData("a{2,1}")]
    [InlineData("(?<n")]
    public void A_bad_pattern_is_refused_with_the_pattern_and_the_reason(string pattern)
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders");

        foreach (var call in (Action[])[() => orders.WithExcludedUrls("good", pattern), () => builder.WithExcludedUrls("good", pattern)])
        {
            var exception = Assert.Throws<ArgumentException>("patterns", call);
            Assert.StartsWith($"The pattern '{pattern}' is invalid: ", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_pattern_with_half_of_a_surrogate_pair_is_refused()
    {
        var exception = Assert.Throws<ArgumentException>("patterns", () => TestModel.CreateBuilder().WithExcludedUrls("a\uD800b"));

        Assert.Contains("It contains half of a surrogate pair.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_call_adds_nothing()
    {
        var orders = TestModel.CreateBuilder().AddProject<TestProject>("orders").WithExcludedUrls("here");

        Assert.Throws<ArgumentException>("patterns", () => orders.WithExcludedUrls("good", "("));

        Assert.Equal("here", await TestModel.GetVariableAsync(orders, DotNetUrls));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("\u001C")]
    [InlineData(null)]
    public void An_empty_pattern_is_refused(string? pattern) =>
        Assert.Throws<ArgumentException>("patterns", () => TestModel.CreateBuilder().WithExcludedUrls(pattern!));

    [Fact]
    public async Task A_blank_after_a_backslash_is_part_of_the_pattern()
    {
        var orders = TestModel.CreateBuilder().AddProject<TestProject>("orders").WithExcludedUrls(@" ^/trail\ ", "next");

        Assert.Equal(@"^/trail\ ,next", await TestModel.GetVariableAsync(orders, DotNetUrls));
    }

    [Fact]
    public void A_list_over_32_000_bytes_is_refused()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls(LongPatterns.Create('a', count: 20, length: 999));
        var patterns = LongPatterns.Create('é', count: 6, length: 999);

        var exception = Assert.Throws<ArgumentException>("patterns", () => builder.WithExcludedUrls([.. patterns, new string('b', 19)]));

        Assert.Contains("would have 32001 bytes, and the limit is 32000", exception.Message, StringComparison.Ordinal);
        builder.WithExcludedUrls([.. patterns, new string('b', 18)]);
    }

    [Fact]
    public async Task Lists_that_are_over_32_000_bytes_together_stop_the_start()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls(LongPatterns.Create('a', count: 20, length: 999));
        builder.AddProject<TestProject>("orders").WithExcludedUrls(LongPatterns.Create('b', count: 20, length: 999));

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => TestModel.StartAsync(builder));

        Assert.Contains(
            "for 'orders' is too long: OTEL_DOTNET_EXCLUDED_URLS would have 39999 bytes",
            exception.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task First_use_in_OnBeforeStart_says_what_to_do(bool onResource)
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders");
        Exception? exception = null;
        builder.OnBeforeStart((_, _) =>
        {
            exception = Record.Exception(
                () => _ = onResource ? (object)orders.WithExcludedUrls("here") : builder.WithExcludedHealthChecks());
            return Task.CompletedTask;
        });
        await using var app = builder.Build();

        await builder.Eventing.PublishAsync(
            new BeforeStartEvent(app.Services, new DistributedApplicationModel([])), TestContext.Current.CancellationToken);

        Assert.IsType<InvalidOperationException>(exception);
        Assert.Contains(
            "Call WithExcludedUrls() or WithExcludedHealthChecks() on the builder before Build(); later calls then work, too.",
            exception.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_builder_or_list_is_named()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders");

        Assert.Throws<ArgumentNullException>("builder", () => RouteTracingBuilderExtensions.WithExcludedUrls(null!, "a"));
        Assert.Throws<ArgumentNullException>("builder", () => RouteTracingBuilderExtensions.WithExcludedHealthChecks(null!));
        Assert.Throws<ArgumentNullException>(
            "builder", () => RouteTracingResourceBuilderExtensions.WithExcludedUrls<ProjectResource>(null!, "a"));
        Assert.Throws<ArgumentNullException>(
            "builder", () => RouteTracingResourceBuilderExtensions.WithExcludedHealthChecks<ProjectResource>(null!));
        Assert.Throws<ArgumentNullException>(
            "builder", () => RouteTracingResourceBuilderExtensions.WithoutAppWideExclusions<ProjectResource>(null!));
        Assert.Throws<ArgumentNullException>("patterns", () => builder.WithExcludedUrls(null!));
        Assert.Throws<ArgumentNullException>("patterns", () => orders.WithExcludedUrls(null!));
    }
}
