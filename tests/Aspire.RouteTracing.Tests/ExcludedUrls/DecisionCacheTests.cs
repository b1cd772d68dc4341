using System.Globalization;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public class DecisionCacheTests
{
    private readonly DecisionCache _cache = new();

    [Fact]
    public void A_path_is_held_once_it_was_seen_a_second_time()
    {
        Assert.Null(Request("/health", 3));
        Assert.Null(Request("/health", 3));
        Assert.Equal(3, Request("/health", 3));
        Assert.Null(Request("/Health", -1));
    }

    [Fact]
    public void Paths_of_every_length_are_told_apart()
    {
        for (var length = 0; length <= DecisionCache.MaxPathLength; length += 5)
        {
            var path = new string('a', length);
            for (var i = 0; i < 3; i++)
            {
                Request(path, length);
                Request(path + 'b', -length);
            }

            Assert.Equal(length, Request(path, length));
            Assert.Equal(-length, Request(path + 'b', -length));
        }
    }

    [Fact]
    public void Paths_requested_once_take_no_place()
    {
        for (var i = 0; i < 100_000; i++)
        {
            Request(Path("junk", i), -1);
        }

        // Some have the hash of another one.
        Assert.InRange(_cache.Count, 0, 10);
    }

    [Fact]
    public void Paths_requested_again_get_in_between_those_requested_once_and_stay()
    {
        for (var i = 0; i < 20_000; i++)
        {
            Request(Path("junk", i), -1);
            Request(Path("hot", i % 50), i % 50);
        }

        Assert.All(Enumerable.Range(0, 50), i => Assert.Equal(i, Request(Path("hot", i), i)));
    }

    [Fact]
    public void Paths_that_come_back_a_few_times_do_not_push_out_those_that_always_do()
    {
        var missed = 0;
        for (var i = 0; i < 50_000; i++)
        {
            Request(Path("junk", i), -1);
            Request(Path("junk", i), -1);
            Request(Path("junk", i), -1);
            missed += Request(Path("hot", i % 10), i % 10) is null ? 1 : 0;
        }

        // One in a hundred.
        Assert.InRange(missed, 0, 500);
    }

    [Fact]
    public void It_never_holds_more_than_its_capacity()
    {
        for (var i = 0; i < 10 * DecisionCache.Capacity; i++)
        {
            Request(Path("junk", i), -1);
            Request(Path("junk", i), -1);
        }

        Assert.InRange(_cache.Count, DecisionCache.Capacity / 2, DecisionCache.Capacity);
    }

    [Fact]
    public void A_path_that_is_taken_in_tells_whether_there_was_room()
    {
        var hadRoom = Enumerable.Range(0, 3 * DecisionCache.Capacity).Select(i => TakeIn(Path("path", i))).ToList();

        Assert.Equal(_cache.Count, hadRoom.Count(room => room));
        Assert.All(hadRoom.Take(DecisionCache.Capacity / 10), Assert.True);
        Assert.All(hadRoom.TakeLast(DecisionCache.Capacity / 10), Assert.False);

        bool TakeIn(string path)
        {
            _cache.TryGet(path, out var hash, out _);
            Assert.False(_cache.Add(path, hash, -1));
            return _cache.Add(path, hash, -1);
        }
    }

    [Fact]
    public async Task Threads_do_not_see_each_others_paths()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                var number = i * (thread + 1) % 3000;
                Assert.Equal(number, Request(Path("path", number), number) ?? number);
            }
        }, TestContext.Current.CancellationToken)));
    }

    /// <summary>What the cache answers. If it does not, it is told the decision, as the matcher does.</summary>
    private int? Request(string path, int decision)
    {
        if (_cache.TryGet(path, out var hash, out var held))
        {
            return held;
        }

        _cache.Add(path, hash, decision);
        return null;
    }

    private static string Path(string name, int number) => string.Create(CultureInfo.InvariantCulture, $"/{name}/{number}");
}
