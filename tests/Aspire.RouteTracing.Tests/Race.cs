namespace Aspire.RouteTracing.Tests;

/// <summary>Lets two threads do the same at the same time, again and again.</summary>
internal static class Race
{
    private const int Threads = 2;
    private const int Rounds = 5_000;

    /// <param name="create">Creates the object of a round.</param>
    /// <param name="act">Called by both threads with this object.</param>
    /// <param name="assert">Called with the result of each thread.</param>
    public static async Task RunAsync<T, TResult>(Func<T> create, Func<T, TResult> act, Action<TResult> assert)
    {
        var (target, results) = (create(), new TResult[Threads]);
        using var barrier = new Barrier(Threads, _ =>
        {
            Array.ForEach(results, assert);
            target = create();
        });

        // Threads of their own, because each waits for the other.
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            () =>
            {
                for (var round = 0; round < Rounds; round++)
                {
                    // One of them a little later, so that they are apart in many ways.
                    Thread.SpinWait(thread * (round % 32));
                    results[thread] = act(target);
                    barrier.SignalAndWait(TestContext.Current.CancellationToken);
                }
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
    }
}
