using Aspire.RouteTracing.ExcludedUrls;
using CsCheck;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public sealed class RequestUrlTests
{
    [Theory]
    [InlineData("http://shop.example/orders/1?full=1", "http|shop.example|/orders/1|?full=1")]
    [InlineData("HTTPS://Shop.Example:443", "https|shop.example|/|")]
    [InlineData("http://shop.example:5000/", "http|shop.example:5000|/|")]
    [InlineData("http://[::1]:5000/a", "http|[::1]:5000|/a|")]
    [InlineData("http://bücher.example/a", "http|bücher.example|/a|")]
    [InlineData("http://xn--bcher-kva.example:81/a", "http|bücher.example:81|/a|")]
    [InlineData("/orders/1?full=1", "http|localhost|/orders/1|?full=1")]
    [InlineData("//orders", "http|localhost|//orders|")]
    [InlineData(" /orders \t\r\n", "http|localhost|/orders|")]
    [InlineData(" http://shop.example/a%20 ", "http|shop.example|/a |")]
    public void A_URL_or_a_path_is_parsed(string text, string pieces) => Assert.Equal(pieces, Pieces(text));

    [Theory]
    [InlineData("http://user:secret@shop.example/a#part", "http|shop.example|/a|")]
    [InlineData("/a?b#part", "http|localhost|/a|?b")]
    public void The_fragment_and_user_info_are_omitted(string text, string pieces) => Assert.Equal(pieces, Pieces(text));

    [Theory]
    [InlineData("/caf%C3%A9/%e5%81%a5/%F0%9F%98%80", "/café/健/😀")]
    [InlineData("/café /x", "/café /x")]
    [InlineData("/a%2Fb%2fc%25", "/a%2Fb%2fc%")]
    [InlineData("/%48ealth%20", "/Health ")]
    [InlineData("/%FF%C3/%zz%4", "/%FF%C3/%zz%4")]
    [InlineData("/a/./b/../c", "/a/c")]
    public void The_path_is_decoded_as_the_server_decodes_it(string text, string path) =>
        Assert.Equal($"http|localhost|{path}|", Pieces(text));

    [Fact]
    public void The_query_is_not_decoded() => Assert.Equal("http|localhost|/a|?b=%20c%2C", Pieces("/a?b=%20c%2C"));

    [Theory]
    [InlineData("")]
    [InlineData("health")]
    [InlineData("localhost:5000/health")]
    [InlineData("ftp://shop.example/")]
    [InlineData("http://")]
    [InlineData("?a")]
    [InlineData("/a%00")]
    public void Other_text_is_rejected(string text) => Assert.False(RequestUrl.TryParse(text, out _));

    [Fact]
    public void Any_text_is_rejected_or_parsed() =>
        Gen.Select(
                Gen.OneOf("", "/", "http://"),
                Gen.OneOf(
                    Gen.String,
                    Gen.OneOf(
                        "xn--", "é", "\uD83D\uDE00", "\uD800", "[", "]", "::1", ":", "80", "@", "?", "#", "%zz", "..", "\\", "\t",
                        "a").Array[0, 8]
                        .Select(string.Concat)),
                string.Concat)
            .Sample(
                text =>
                {
                    if (RequestUrl.TryParse(text, out var url))
                    {
                        Assert.Equal('/', url.Path[0]);
                    }
                },
                iter: 5_000);

    private static string Pieces(string text)
    {
        Assert.True(RequestUrl.TryParse(text, out var url));
        Assert.True(url.PathBase.IsEmpty);
        return $"{url.Scheme}|{url.Host}|{url.Path}|{url.Query}";
    }
}
