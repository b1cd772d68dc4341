using System.Globalization;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public sealed class ExclusionAllocationTests
{
    private const int Round = 500;

    private static readonly string[] Items =
        [.. Enumerable.Range(0, 50).SelectMany(i => new[] { $"/health{i}", $"^/client{i}/[^/]+/info$" })];

    [Fact]
    public void Searching_a_known_path_allocates_nothing()
    {
        var matcher = ExclusionMatcher.Build(Items, matchFullUrl: false, out _);

        AssertAllocatesNothing(
            _ => matcher.Find(new RequestUrl { Scheme = "http", Host = "localhost", Path = "/client17/1/info" }), expected: 35);
        AssertAllocatesNothing(
            _ => matcher.Find(new RequestUrl { Scheme = "http", Host = "localhost", PathBase = "/shop", Path = "/orders" }), expected: -1);
    }

    [Fact]
    public void Searching_a_new_path_allocates_nothing()
    {
        var matcher = ExclusionMatcher.Build(Items, matchFullUrl: false, out _);
        var paths = Enumerable.Range(0, 4 * Round).Select(i => string.Create(CultureInfo.InvariantCulture, $"/orders/{i}")).ToArray();
        var others = Enumerable.Range(0, 4 * Round)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"/client3/{i}/info"))
            .ToArray();

        AssertAllocatesNothing(i => matcher.Find(new RequestUrl { Path = paths[i] }), expected: -1);
        AssertAllocatesNothing(i => matcher.Find(new RequestUrl { Path = others[i] }), expected: 7);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(8000)]
    public void Searching_the_whole_URL_allocates_nothing(int length)
    {
        var matcher = ExclusionMatcher.Build(Items, matchFullUrl: true, out _);
        var path = "/" + new string('x', length);

        AssertAllocatesNothing(
            _ => matcher.Find(new RequestUrl { Scheme = "https", Host = "localhost:443", PathBase = "/shop", Path = path, Query = "?a=b" }),
            expected: -1);
    }

    private static void AssertAllocatesNothing(Func<int, int> find, int expected)
    {
        for (var i = 0; i < Round; i++)
        {
            Assert.Equal(expected, find(i));
        }

        // The minimum of several rounds, because the runtime allocates from time to time, for example for tiered compilation.
        var wrong = 0;
        Assert.Equal(0, Enumerable.Range(1, 3).Min(AllocatedInRound));
        Assert.Equal(0, wrong);

        long AllocatedInRound(int round)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = round * Round; i < (round + 1) * Round; i++)
            {
                wrong += find(i) == expected ? 0 : 1;
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
