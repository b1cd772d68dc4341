namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>A clock that stands still until a test advances it, so that no wait times out on a busy machine.</summary>
internal sealed class TestTime : TimeProvider
{
    private long _ticks = TimeSpan.TicksPerHour;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);

    /// <summary>Lets time pass in steps until a task has ended.</summary>
    public async Task<T> PassUntilAsync<T>(Task<T> task, TimeSpan? step = null)
    {
        await Waits.UntilAsync(
            () =>
            {
                Advance(step ?? TimeSpan.FromSeconds(0.05));
                return task.IsCompleted;
            },
            "The task has not ended.");
        return await task;
    }

    public override long GetTimestamp() => Volatile.Read(ref _ticks);
}
