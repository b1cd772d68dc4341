using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public sealed class ExcludedSpansTests
{
    private const int Capacity = 32_768;

    [Fact]
    public void The_last_spans_are_remembered()
    {
        const int last = 100_000;
        for (var id = 1; id <= last; id++)
        {
            ExcludedSpans.Add(SpanIdOf(id));
        }

        Assert.All(Enumerable.Range(last - Capacity + 1, Capacity), id => Assert.True(ExcludedSpans.Contains(SpanIdOf(id))));
        Assert.All(Enumerable.Range(1, last - Capacity), id => Assert.False(ExcludedSpans.Contains(SpanIdOf(id))));
        Assert.False(ExcludedSpans.Contains(default));
    }

    [Fact]
    public void The_age_of_a_span_can_be_limited()
    {
        var (recent, old) = (ActivitySpanId.CreateRandom(), ActivitySpanId.CreateRandom());
        ExcludedSpans.Add(recent);
        ExcludedSpans.Add(old, age: 2);

        Assert.True(ExcludedSpans.Contains(recent, maxMinutes: 1));
        Assert.False(ExcludedSpans.Contains(old, maxMinutes: 1));
        Assert.True(ExcludedSpans.Contains(old));
    }

    // Consecutive ids are distributed evenly over the table.
    private static ActivitySpanId SpanIdOf(long id) => ActivitySpanId.CreateFromBytes(BitConverter.GetBytes(id));
}
