using System.Collections.Concurrent;
using System.Globalization;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public sealed class HostileExclusionTests
{
    private static readonly string ManyLetters = "/" + new string('a', 1_000) + "!";

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("(a|aa)+$")]
    [InlineData("(.*a){12}$")]
    [InlineData("^(?:/(?:a+)+)+$")]
    [InlineData("a.*a.*a.*a.*a.*a.*a.*a.*x")]
    [InlineData("[^/]*[ab]*a*a*[^!]+a+a+[a-c]*a*/")]
    public void Items_with_exponential_backtracking_are_searched_in_linear_time(string item)
    {
        var matcher = ExclusionMatcher.Build([item, "/x[y]"], matchFullUrl: false, out var problems, FailOnDisabled);

        Assert.Empty(problems);
        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = ManyLetters }));
    }

    [Fact]
    public void An_item_that_times_out_does_not_hide_a_later_match()
    {
        var disabled = new List<int>();
        var matcher = ExclusionMatcher.Build(["^(?=/)(/?a+)+$", "a!"], matchFullUrl: false, out _, disabled.Add);

        // Each URL is another one, because excluded URLs are remembered.
        for (var length = 200; length < 204; length++)
        {
            Assert.Equal(1, matcher.Find(new RequestUrl { Path = ManyLetters[..length] + "!" }));
        }

        Assert.Equal([0], disabled);
    }

    [Theory]
    [InlineData("^/a", "^http://(?=s)([a-z./]+)+$")]
    [InlineData("never", "^/a{100}!$", "^(?=/)(/?a+)+$")]
    public void Items_behind_the_one_that_matches_are_not_searched(params string[] items)
    {
        var disabled = new List<int>();
        var matcher = ExclusionMatcher.Build(items, matchFullUrl: false, out _, disabled.Add);

        for (var i = 0; i < 4; i++)
        {
            var url = new RequestUrl { Scheme = "http", Host = "shop", Path = $"/{new string('a', 100)}!" };
            Assert.Equal(items.Length - 2, matcher.Find(url));
        }

        Assert.Empty(disabled);
    }

    [Fact]
    public void An_item_that_times_out_three_times_is_disabled_once()
    {
        var disabled = new List<int>();
        var matcher = ExclusionMatcher.Build(["/x[y]", @"^(?=/)(/?a+)+$|^/ok$"], matchFullUrl: false, out _, disabled.Add);
        Assert.Equal(1, matcher.Find(new RequestUrl { Path = "/ok" }));
        Assert.Equal(1, matcher.Find(new RequestUrl { Path = "/ok" }));
        Assert.Equal(1, matcher.Find(new RequestUrl { Path = "/ok" }));

        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = ManyLetters[..200] + "!" }));
        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = ManyLetters[..200] + "!" }));
        Assert.Empty(disabled);
        Assert.Equal(1, matcher.Find(new RequestUrl { Path = "/ok" }));

        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = ManyLetters[..200] + "!" }));
        Assert.Equal([1], disabled);
        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = "/ok" }));
        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = ManyLetters[..200] + "!" }));
        Assert.Equal([1], disabled);
        Assert.Equal(0, matcher.Find(new RequestUrl { Path = "/xy" }));
    }

    [Fact]
    public void A_URL_without_the_texts_of_an_item_cannot_disable_it()
    {
        var matcher = ExclusionMatcher.Build(["^/(?:a|aa)+(?=/)/secret-report$", "/health$"], matchFullUrl: false, out _);
        var random = new Random(1);
        for (var request = 0; request < 4; request++)
        {
            Assert.Equal(-1, matcher.Find(new RequestUrl { Path = $"{ManyLetters[..200]}!/health/{RandomLetters(random, 700)}" }));
        }

        Assert.Equal(0, matcher.Find(new RequestUrl { Path = "/aa/secret-report" }));
    }

    [Fact]
    public void A_URL_without_the_texts_of_an_item_makes_no_automaton_grow()
    {
        string[] items = [.. Enumerable.Range(0, 100).Select(number => $"^/svc-{number}/([a-z]+/)+status-{number}$")];
        var matcher = ExclusionMatcher.Build(items, matchFullUrl: false, out _);
        var path = $"/svc-7/{RandomLetters(new Random(1), 800)}";
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = path }));

        // One automaton takes half a megabyte.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 400_000);
    }

    [Theory]
    [InlineData("/a{1,99999999999}")]
    [InlineData("/a{99999999999}")]
    public void A_quantifier_beyond_the_limit_of_NET_is_invalid(string item)
    {
        ExclusionMatcher.Build([item], matchFullUrl: false, out var problems);

        Assert.True(Assert.Single(problems).IsIgnored);
    }

    [Fact]
    public void An_item_whose_searches_wait_for_a_processor_is_not_disabled()
    {
        var disabled = new ConcurrentBag<int>();
        var matcher = ExclusionMatcher.Build(["^/(?!api)"], matchFullUrl: false, out _, disabled.Add);
        var threads = Enumerable.Range(0, 16 * Environment.ProcessorCount).Select(thread => new Thread(() =>
        {
            for (var request = 0; request < 20_000; request++)
            {
                matcher.Find(new RequestUrl { Path = $"/api/{thread}/{request}" });
            }
        })).ToList();

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Empty(disabled);
    }

    [Theory]
    [InlineData("((a{1,999}){1,999}){1,999}")]
    [InlineData(@"[\w-[a]]{20000}")]
    public void An_item_with_many_repetitions_needs_backtracking(string item)
    {
        ExclusionMatcher.Build(["/a[b]", item], matchFullUrl: false, out var problems);

        Assert.Equal((1, false), (Assert.Single(problems).Index, problems[0].IsIgnored));
    }

    [Fact]
    public void An_item_has_at_most_1_000_characters()
    {
        var longest = new string('(', 333) + "[a]" + new string(')', 333) + "b{1,9}" + new string('c', 325);
        ExclusionMatcher.Build([longest, longest + "c"], matchFullUrl: false, out var problems);

        Assert.Equal(
            new ExclusionMatcher.Problem(1, IsIgnored: true, "It has 1001 characters, and the limit is 1000."), Assert.Single(problems));
    }

    [Theory]
    [InlineData("/a.*/end$", 0)]
    [InlineData("/a[a]*/end$", 0)]
    [InlineData("(/a[a]*)+/end$", -1)]
    [InlineData("/a(?=a).*/end$", -1)]
    public void An_automaton_does_not_search_a_very_long_path(string item, int found)
    {
        var matcher = ExclusionMatcher.Build([item], matchFullUrl: false, out _);

        Assert.Equal(0, matcher.Find(new RequestUrl { Path = $"/{new string('a', ExclusionPattern.MaxUrlLength - 5)}/end" }));
        Assert.Equal(found, matcher.Find(new RequestUrl { Path = $"/{new string('a', ExclusionPattern.MaxUrlLength - 4)}/end" }));
    }

    [Fact]
    public void Automata_that_exceed_the_memory_limit_are_dropped_for_good()
    {
        var drops = 0;
        string[] items = [.. Enumerable.Range(0, 200).Select(number => $@"\b(health|h{number})\b")];
        var matcher = ExclusionMatcher.Build(items, matchFullUrl: false, out _, FailOnDisabled, () => drops++);
        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = "/orders/1" }));
        Assert.Equal(1, drops);

        // The first search after the drop prepares the others.
        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = "/orders/2" }));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = "/orders/3" }));

        // One automaton takes half a megabyte.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.Equal(199, matcher.Find(new RequestUrl { Path = "/h199" }));
        Assert.Equal(1, drops);
    }

    [Fact]
    public void Automata_that_grow_beyond_the_memory_limit_are_dropped()
    {
        var drops = 0;
        var automata = new Automata(50, () => drops++);
        var random = new Random(1);
        for (var request = 0; request < 1_000 && drops == 0; request++)
        {
            // An automaton grows with the URLs that it reads, up to a number of states.
            var url = string.Concat(random.GetItems("ab".AsSpan(), ExclusionPattern.MaxUrlLength));
            Assert.False(automata.IsMatch(request / 20, "(a|b)*a(a|b){20}c", url));
        }

        Assert.Equal(1, drops);
        Assert.Null(automata.IsMatch(0, "(a|b)*a(a|b){20}c", "ab"));
    }

    [Fact]
    public void Searches_at_the_same_time_do_not_count_as_growth_of_an_automaton()
    {
        var drops = 0;
        var matcher = ExclusionMatcher.Build(["(/[a-z]+)+$"], matchFullUrl: false, out _, onAutomataDropped: () => drops++);
        var threads = Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            for (var request = 0; request < 50_000; request++)
            {
                matcher.Find(new RequestUrl { Path = "/orders/7" });
            }
        })).ToList();

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(0, drops);
    }

    [Fact]
    public void An_item_for_which_the_search_of_NET_fails_does_not_affect_the_others()
    {
        // .NET 10 throws an IndexOutOfRangeException.
        var matcher = ExclusionMatcher.Build(
            [@"(?=İ|((()){0}()){1,}?(){1})[ς/]\A", "^/health/[a-z]+$"], matchFullUrl: false, out _);

        foreach (var path in (string[])["/health/a", "/health/b", "/health/c"])
        {
            Assert.Equal(1, matcher.Find(new RequestUrl { Path = path }));
        }
    }

    [Fact]
    public void Items_after_the_first_10_000_are_ignored()
    {
        var items = Enumerable.Range(0, 100_000).Select(i => string.Create(CultureInfo.InvariantCulture, $"^/item{i}$")).ToArray();

        var matcher = ExclusionMatcher.Build(items, matchFullUrl: false, out _);

        Assert.Equal(9_999, matcher.Find(new RequestUrl { Path = "/item9999" }));
        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = "/item10000" }));
    }

    [Theory]
    [InlineData("(,")]
    [InlineData("[,")]
    [InlineData("[a-[")]
    [InlineData(@"[x\]")]
    [InlineData("(?#")]
    [InlineData("(?x)(,#\n")]
    [InlineData("(a,(?x)#(\n,")]
    [InlineData("{1,")]
    [InlineData("\\")]
    public async Task A_long_text_of_unclosed_brackets_is_read_in_linear_time(string piece)
    {
        var value = string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length)) + ")";

        Assert.NotEmpty(await Task.Run(() => ExclusionListFormat.Write(ExclusionListFormat.Parse(value, out _))).WithinAMinute());
    }

    [Fact]
    public void Paths_with_invalid_escapes_and_lone_surrogates_are_searched()
    {
        var matcher = ExclusionMatcher.Build(["/a[b]", "\uD800x[y]"], matchFullUrl: false, out _);

        Assert.Equal(-1, matcher.Find(new RequestUrl { Path = "/%FF%zz\uDC00\uD800" }));
        Assert.Equal(1, matcher.Find(new RequestUrl { Path = "/\uD800xy" }));
    }

    private static void FailOnDisabled(int index) => Assert.Fail($"Item {index} backtracked.");

    private static string RandomLetters(Random random, int length) =>
        string.Create(length, random, static (letters, random) => random.GetItems("abcdefghijklmnopqrstuvwxyz/-", letters));
}
