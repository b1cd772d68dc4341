using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public sealed class ExcludedSpansTests
{
    private const int Capacity = 32_768;

    [Fact]
    public void The_last_traces_are_remembered()
    {
        const int last = 100_000;
        for (var id = 1; id <= last; id++)
        {
            ExcludedSpans.AddTrace(TraceIdOf(id));
        }

        Assert.All(Enumerable.Range(last - Capacity + 1, Capacity), id => Assert.Equal(SpanOrigin.Belated, OriginOf(TraceIdOf(id))));
        Assert.All(Enumerable.Range(1, last - Capacity), id => Assert.Equal(SpanOrigin.None, OriginOf(TraceIdOf(id))));
        Assert.Equal(SpanOrigin.None, OriginOf(default));
    }

    [Theory]
    [InlineData(0, true, SpanOrigin.Belated)]
    [InlineData(2, true, SpanOrigin.None)]
    [InlineData(2, false, SpanOrigin.Belated)]
    public void A_remote_parent_is_remembered_for_a_minute(int age, bool isRemote, object origin)
    {
        using var root = Start(age);
        using var child = Start(age, new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), default));

        Assert.Equal(origin, OriginOf(root.TraceId, root.SpanId, isRemote));
        Assert.Equal(origin, OriginOf(child.TraceId, child.SpanId, isRemote));
    }

    [Fact]
    public void A_trace_that_a_caller_has_started_is_not_remembered()
    {
        using var child = Start(age: 0, new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), default));

        Assert.True(ExcludedSpans.Contains(child));
        Assert.Equal(SpanOrigin.None, OriginOf(child.TraceId));
    }

    private static Activity Start(int age, ActivityContext parent = default)
    {
        var activity = new Activity("excluded").SetStartTime(DateTime.UtcNow.AddMinutes(-age));
        if (parent != default)
        {
            activity.SetParentId(parent.TraceId, parent.SpanId);
        }

        ExcludedSpans.StopRecording(activity.Start());
        return activity;
    }

    private static SpanOrigin OriginOf(ActivityTraceId trace, ActivitySpanId? span = null, bool isRemote = false) =>
        ExcludedSpans.FindOrigin(
            new ActivityContext(trace, span ?? ActivitySpanId.CreateRandom(), ActivityTraceFlags.None, traceState: null, isRemote),
            ambient: null);

    // Consecutive ids are distributed evenly over the table.
    private static ActivityTraceId TraceIdOf(long id) =>
        ActivityTraceId.CreateFromBytes([.. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(id)]);
}
