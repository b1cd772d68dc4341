using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public class NewPathStreakTests
{
    private uint _length;

    private NewPathStreak Streak => new(ref _length);

    [Fact]
    public void Few_of_many_new_paths_are_looked_up()
    {
        const int Periods = 100;

        Assert.Equal(NewPathStreak.LookedUp * Periods, LookedUp(NewPathStreak.Period * Periods));
    }

    [Fact]
    public void The_first_paths_after_one_that_comes_again_are_looked_up()
    {
        LookedUp(NewPathStreak.LookedUp);
        Assert.True(Streak.SkipsNext());

        Streak.End();

        Assert.Equal(NewPathStreak.LookedUp, LookedUp(NewPathStreak.LookedUp));
    }

    [Fact]
    public void All_paths_are_looked_up_as_long_as_some_come_again()
    {
        for (var i = 0; i < 1_000; i++)
        {
            Assert.Equal(NewPathStreak.LookedUp, LookedUp(NewPathStreak.LookedUp));
            Streak.End();
        }
    }

    [Fact]
    public void What_was_decided_for_a_path_is_found_again_after_a_scan()
    {
        var cache = new DecisionCache();
        cache.TryGet("/hot", out var hash, out _);
        cache.Add("/hot", hash, 7);
        cache.Add("/hot", hash, 7);
        LookedUp(NewPathStreak.Period * 3 / 2);

        var requests = 1;
        for (; Streak.SkipsNext() || !cache.TryGet("/hot", out _, out _); requests++)
        {
        }

        Assert.InRange(requests, 1, (int)NewPathStreak.Period);
    }

    [Fact]
    public void Each_thread_counts_for_itself()
    {
        using var counted = new Barrier(2);
        var lookedUp = new uint[2];
        var threads = lookedUp.Select((_, i) => new Thread(() =>
        {
            lookedUp[i] = LookedUp(NewPathStreak.OfThisThread, NewPathStreak.Period);
            counted.SignalAndWait();
        })).ToList();

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.All(lookedUp, count => Assert.Equal(NewPathStreak.LookedUp, count));
    }

    private static uint LookedUp(NewPathStreak streak, uint newPaths)
    {
        var lookedUp = 0u;
        for (var i = 0; i < newPaths; i++)
        {
            lookedUp += streak.SkipsNext() ? 0u : 1;
        }

        return lookedUp;
    }

    private uint LookedUp(uint newPaths) => LookedUp(Streak, newPaths);
}
