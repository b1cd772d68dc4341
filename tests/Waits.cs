namespace Tests;

/// <summary>Waits that fail instead of hanging.</summary>
internal static class Waits
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    public static Task WithinAMinute(this Task task) => task.WaitAsync(Minute, TestContext.Current.CancellationToken);

    public static Task<T> WithinAMinute<T>(this Task<T> task) => task.WaitAsync(Minute, TestContext.Current.CancellationToken);

    /// <summary>Waits for a condition that has no signal.</summary>
    public static async Task UntilAsync(Func<bool> condition, string failure)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Minute, failure);
            await Task.Delay(Interval, TestContext.Current.CancellationToken);
        }
    }
}
