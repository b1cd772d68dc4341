namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>A clock that stands still until a test advances it, so that no wait times out on a busy machine.</summary>
internal sealed class TestTime : TimeProvider
{
    private long _ticks = TimeSpan.TicksPerHour;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);

    public override long GetTimestamp() => Volatile.Read(ref _ticks);
}
