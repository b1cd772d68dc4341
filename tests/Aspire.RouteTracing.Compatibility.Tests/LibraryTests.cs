namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>What holds for the application of every library.</summary>
public abstract class LibraryTests
{
    internal abstract Library Library { get; }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    public async Task An_excluded_request_exports_no_span(string? sampler)
    {
        var excluded = Library.Uses.Where(use => use.Exclusion == UseExclusion.Whole).ToArray();
        Assert.NotEmpty(excluded);

        foreach (var use in excluded)
        {
            var outcome = await Library.SendAsync(use.Request, sampler: sampler);
            Assert.True(outcome.Spans.Count == 0, $"{use.Request}: {string.Join(", ", outcome.Names)}");
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    public async Task A_traced_request_exports_the_same_spans_as_without_route_tracing(string? sampler)
    {
        var others = Library.Uses.Where(use => use.Exclusion == UseExclusion.None).ToArray();
        Assert.NotEmpty(others);

        foreach (var use in others)
        {
            var outcome = await Library.SendAsync(use.Request, sampler: sampler);
            var stock = await Library.SendAsync(use.Request, Tracing.Stock, sampler);
            Assert.NotEmpty(outcome.Spans);
            Assert.Equal(stock.Status, outcome.Status);
            Assert.Equal(stock.Shape, outcome.Shape);
        }
    }
}
