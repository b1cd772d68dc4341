using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.LiveExclusions;
using Aspire.Hosting.RouteTracing.Variables;

namespace Aspire.Hosting.RouteTracing.Tests.LiveExclusions;

public sealed class UrlTestTests
{
    private static readonly ListedUrl[] List =
        [new("^/health$", "the app-wide list"), new("client/.*/info", "the list of 'orders'"), new("://internal[.]", "OTEL_DOTNET_EXCLUDED_URLS"), new(@"^/\p{Lu}", "the app-wide list")];

    [Theory]
    [InlineData("/health", "'/health' is excluded by '^/health$', from the app-wide list.")]
    [InlineData("/health?x=1", "'/health?x=1' is excluded by '^/health$', from the app-wide list.")]
    [InlineData("https://shop.example/api/client/42/info", "'https://shop.example/api/client/42/info' is excluded by 'client/.*/info', from the list of 'orders'.")]
    [InlineData("http://internal.example/x", "'http://internal.example/x' is excluded by '://internal[.]', from OTEL_DOTNET_EXCLUDED_URLS.")]
    [InlineData("/Ärger", @"'/Ärger' is excluded by '^/\p{Lu}', from the app-wide list.")]
    [InlineData("/orders?next=/client/1/info", "'/orders?next=/client/1/info' is not excluded by the AppHost's list; the service may add its own.")]
    public void The_answer_names_the_pattern_and_who_listed_it(string url, string answer) =>
        Assert.Equal(answer, UrlTest.Answer(url, List, ResourceLanguage.DotNet));

    [Theory]
    [InlineData("/health?x=1", "excluded by '^/health$'")]
    [InlineData("/orders?next=/client/1/info", "excluded by 'client/.*/info'")]
    [InlineData("/Ärger", "is not excluded")]
    public void For_python_the_answer_is_of_what_python_is_told(string url, string answer) =>
        Assert.Contains(answer, UrlTest.Answer(url, List, ResourceLanguage.Python), StringComparison.Ordinal);

    [Fact]
    public void What_the_user_set_for_python_is_in_pythons_words() =>
        Assert.Contains("excluded by '^http://[^/]*/a$'", UrlTest.Answer("/a", [new("^http://[^/]*/a$", "OTEL_PYTHON_EXCLUDED_URLS")], ResourceLanguage.Python), StringComparison.Ordinal);

    [Theory]
    [InlineData("(a+)+!|healthz$", "is excluded by '(a+)+!|healthz$'")]
    [InlineData("(?=(a+)+!)|healthz$", "is not excluded")]
    public void Where_backtracking_takes_for_ever_the_answer_is_what_the_service_decides(string pattern, string answer) =>
        Assert.Contains(answer, UrlTest.Answer($"/{new string('a', 60)}/healthz", [new(pattern, "the app-wide list")], ResourceLanguage.DotNet), StringComparison.Ordinal);

    [Fact]
    public void A_bad_item_that_the_user_set_excludes_nothing() =>
        Assert.Contains("excluded by '/a'", UrlTest.Answer("/a", [new("(bad", "OTEL_DOTNET_EXCLUDED_URLS"), new("/a", "the app-wide list")], ResourceLanguage.DotNet), StringComparison.Ordinal);

    [Theory, InlineData("/a", true), InlineData("http://h/a", true), InlineData("health", false), InlineData("ftp://h/a", false), InlineData("", false)]
    public void A_path_or_a_web_address_can_be_tested(string url, bool accepted) => Assert.Equal(accepted, UrlTest.IsUrl(url));
}
