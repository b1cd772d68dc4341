using System.Text.RegularExpressions;
using Aspire.Hosting.RouteTracing.Python;

namespace Aspire.Hosting.RouteTracing.Tests.Python;

public sealed class PythonPatternTests
{
    private static readonly string[] Paths =
    [
        "/", "/health", "/health/", "/health/ready", "/healthy", "/api/health", "/api/v12/info", "/api/v1234/info", "/API/V1/INFO",
        "/client/42/info",
        "/client/42/43/info", "/client//info", "/a", "/aa", "/aaa", "/aaaa", "/a,b", "/a|b", "/a-b", "/a.b", "/axb", "/a{1,3}", "/{{x}}",
        "/a$b", "/${x}", "/it's",
        "/a\"b", "/a:b", "/a#b", "/ünïcode", "/日本", "/static/app.min.js", "/static/app.css", "/tab\tbed", "/(x)", "/[x]", "/a&b~c",
    ];

    private static readonly string[] Queries = ["", "?", "?b", "?x=1&y=/health", "?next=b/info.js"];

    public static TheoryData<string> AnchoredPatterns =>
    [
        "^/health$", "^/health", @"\A/health\z", @"^/health\Z", "^/(health|ready)$", "^/health(/.*)?$", "^(/health|/api)$", "^(?:/a|/b)",
        "^/a|^/health$", "^$", "^", "^/",
        "^/api/.*", "^/a.*b$", "^/a.b$", "^/a[^/]b", "^/client/[^/]+/info$", "^/client/.*/info", @"^/api/v\d+/info$",
        @"^/api/v\d{1,3}/info$", "^/a{1,3}$", "^/a{2}$", "^/a{2,}$",
        "^/a{0,2}$", "^/(?:a|b){1,2}$", "^/a{1,3}?$", @"^/a\{1", "^/a{1,3}", "^/{{x}}$", "^/a{b", "^/a,b$", @"^/a\,b$", "^/a[,|]b$",
        "^/a[-.]b$", @"^/a[\d.-]b", "^/[[x]", @"^/a[\w]*$", "^/a[^]x]", "^/a[]x.]",
        @"^/a\$b$", "^/a[$]b", @"^/\$\{x\}$", "^/it's$", "^/a\"b$", "^/a:b$", "^/a#b", @"^/\#", "^/ünïcode$", "^/日本$",
        "^/[日-本]+$",
        "(?i)^/api/v1/info$", "^/(?i:API)/",
        "^/(?!health)", "^(?!/health|/api)", "^/a(?=b)", "^/a(?!.)", @"^/\D+$", @"^/\S*$", @"^/\W", @"^/a\Wb$", @"^/tab\tbed$",
        @"^/tab\x09", @"^/tab\u0009", "^/(?<name>a+)$", "^/(?'name'a+)$",
        @"^/\(x\)$", @"^/\[x\]$", @"^/.*\.js$", "^/static/.*[.](?:css|js)$", @"^/a\b", @"^/health\b",
        "^/a&b~c$", "^/a[&~]b", "^(/a)?a+$", "^/a{0}a$",
    ];

    public static TheoryData<string> UnanchoredPatterns =>
    [
        "healthcheck", "client/.*/info", @"\.js$", @"/v\d{1,3}/info$", "/a,b", "health|ready", "(?i)INFO", "/(?:a|b){2,3}", @"/a\b", "[,]b",
        "(^|/)health", "/a$|/b$", "ï", "it's", "/ready$",
    ];

    public static TheoryData<string, string> PatternsWithoutPython => new()
    {
        { @"(a)\1", "counts the groups" },
        { @"(?<n>a)\k<n>", "counts the groups" },
        { @"\p{L}", "Unicode categories" },
        { "[a-z-[b]]", "subtracts" },
        { "^/.+(?<!y)$", "a lookbehind" },
        { "(?<=a+)b", "a lookbehind" },
        { @"[a\b]", "in a character class" },
        { @"[\p{L}x]", "Unicode categories" },
        { "^/a(?#comment)b", "a kind of group" },
        { @"^/health\b?", "repeats an anchor" },
        { "(?<!a|bc)d", "a lookbehind" },
        { "(?>a+)b", "a kind of group" },
        { "(?s)a.b", "a kind of group" },
        { "(a)(?(1)b|c)", "a kind of group" },
        { "a(?i)b", "a kind of group" },
        { "/a^/b", "an anchor" },
        { "(?=^/a)/a", "an anchor" },
        { @"^/a\?b", "question mark" },
        { "^/a[!-~]b", "question mark" },
        { "^/😀$", "U+FFFF" },
        { "a{1,3000}", "too long" },
        { "a{9999}", "too often" },
    };

    [Fact]
    public async Task Python_excludes_the_same_URLs_for_anchored_patterns()
    {
        string[] urls = [.. from path in Paths from query in Queries select $"http://aaa.health:8080{path}{query}"];

        await AssertExcludesTheSame(
            AnchoredPatterns,
            urls,
            (regex, url) => regex.IsMatch(Paths[Array.IndexOf(urls, url) / Queries.Length]));
    }

    [Fact]
    public async Task Python_excludes_the_same_paths_for_unanchored_patterns()
    {
        string[] urls = [.. Paths.Select(path => $"s:0{path}?0")];

        await AssertExcludesTheSame(UnanchoredPatterns, urls, (regex, url) => regex.IsMatch(Paths[Array.IndexOf(urls, url)]));
    }

    [Fact]
    public async Task Python_excludes_the_same_URLs_for_patterns_of_the_whole_URL()
    {
        string[] urls = ["http://shop/a?x=1,2", "https://shop/a?x=1", "http://shop.example/a", "http://shop/b"];

        await AssertExcludesTheSame(
            ["://shop/a", "^https://", @"^http://shop(\.example)?/a$", @"://.*[?&]x=\d,\d$", "://shop/.{1,3}$"],
            urls,
            (regex, url) => regex.IsMatch(url));
    }

    [Fact]
    public async Task A_space_in_a_path_is_found_encoded_and_decoded()
    {
        var answer = Assert.Single(
            await PythonInterpreter.FindExcludedAsync([(Write("^/a b$"), ["http://host/a%20b", "http://host/a b", "http://host/ab"])]));

        Assert.Equal([true, true, false], answer);
    }

    [Fact]
    public async Task A_dot_also_matches_a_line_break_in_a_path()
    {
        var answer = Assert.Single(
            await PythonInterpreter.FindExcludedAsync([(Write("^/a.b$"), ["http://host/a\nb", "http://host/axb", "http://host/a?b"])]));

        Assert.Equal([true, true, false], answer);
    }

    [Fact]
    public async Task Items_stay_apart_when_Python_joins_them()
    {
        var list = string.Join(',', Write("^/(?<n>health)$"), Write("(?i)^/(?<n>x)$"), Write("^/a{1,3}$"));

        string[] urls = ["http://host/health", "http://host/HEALTH", "http://host/X", "http://host/aaa", "http://host/3"];
        var answer = Assert.Single(await PythonInterpreter.FindExcludedAsync([(list, urls)]));

        Assert.Equal([true, false, true, true, false], answer);
    }

    [Theory]
    [MemberData(nameof(AnchoredPatterns))]
    [MemberData(nameof(UnanchoredPatterns))]
    public void A_written_pattern_has_no_character_that_a_carrier_changes(string pattern) =>
        Assert.DoesNotMatch("[^!#%&()*+./0-9:;<=>?@A-Z\\[\\\\\\]^_a-z|~-]", Write(pattern));

    [Theory]
    [MemberData(nameof(PatternsWithoutPython))]
    public void A_pattern_that_Python_does_not_support_is_refused_with_the_reason(string pattern, string reason)
    {
        Assert.False(PythonPattern.TryWrite(pattern, out _, out var given));
        Assert.Contains(reason, given, StringComparison.Ordinal);
    }

    private static async Task AssertExcludesTheSame(TheoryData<string> patterns, string[] urls, Func<Regex, string, bool> excludes)
    {
        string[] all = [.. patterns.Select(row => row.Data)];
        var answers = await PythonInterpreter.FindExcludedAsync(all.Select(pattern => (Write(pattern), (IReadOnlyList<string>)urls)));

        Assert.Equal(
            from pattern in all
            let regex = new Regex(pattern, RegexOptions.CultureInvariant)
            from url in urls
            where excludes(regex, url)
            select $"{pattern}  {url}",
            from answer in all.Zip(answers) from url in urls.Zip(answer.Second) where url.Second select $"{answer.First}  {url.First}");
    }

    private static string Write(string pattern)
    {
        Assert.True(PythonPattern.TryWrite(pattern, out var text, out var reason), reason);
        return text;
    }
}
