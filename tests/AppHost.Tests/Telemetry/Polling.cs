namespace AppHost.Tests.Telemetry;

/// <summary>Waits for telemetry. Its arrival has no signal.</summary>
internal static class Polling
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads a value until it is complete.</summary>
    /// <exception cref="TimeoutException">The value wasn't complete in time.</exception>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> read, Func<T, bool> isComplete, CancellationToken cancellation)
    {
        var deadline = DateTimeOffset.UtcNow + Patience;
        while (true)
        {
            var value = await read();
            if (isComplete(value))
            {
                return value;
            }

            if (DateTimeOffset.UtcNow > deadline)
            {
                throw new TimeoutException(
                    $"Not complete after {Patience}: {(value is IEnumerable<object> items ? string.Join("; ", items) : value)}");
            }

            await Task.Delay(Interval, cancellation);
        }
    }
}
