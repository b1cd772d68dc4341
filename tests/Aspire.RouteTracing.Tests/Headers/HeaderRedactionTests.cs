using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using static Aspire.RouteTracing.Tests.Headers.HeaderApp;

namespace Aspire.RouteTracing.Tests.Headers;

/// <summary>Sensitive headers and the parameters of captured URLs are redacted.</summary>
public sealed class HeaderRedactionTests
{
    [Fact]
    public async Task Sensitive_headers_are_redacted_even_if_a_wildcard_captures_them()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = ".*", [ResponseVariable] = "set-cookie" });

        var captured = await CapturedAsync(
            app,
            ("Authorization", "Bearer secret"),
            ("Cookie", "session=secret"),
            ("Proxy-Authorization", "secret"),
            ("X-Api-Key", "secret"),
            ("x-tenant", "acme"));

        Assert.DoesNotContain(captured, attribute => attribute.Contains("secret", StringComparison.Ordinal));
        Assert.Equal(
            [
                "http.request.header.authorization",
                "http.request.header.cookie",
                "http.request.header.proxy-authorization",
                "http.request.header.x-api-key",
                "http.response.header.set-cookie",
            ],
            captured
                .Where(attribute => attribute.EndsWith("=[REDACTED]", StringComparison.Ordinal))
                .Select(attribute => attribute.Split('=')[0]));
        Assert.Contains("http.request.header.x-tenant=acme", captured);
    }

    [Theory]
    [InlineData(SanitizeVariable)]
    [InlineData("Aspire:RouteTracing:SanitizedHeaders")]
    public async Task Sanitized_names_are_searched_and_added_to_the_default(string key)
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "x-.*,cookie", [key] = "SESSION,^x-t," });

        Assert.Equal(
            [
                "http.request.header.cookie=[REDACTED]",
                "http.request.header.x-my-session-id=[REDACTED]",
                "http.request.header.x-not-t=8",
                "http.request.header.x-tenant=[REDACTED]",
            ],
            await CapturedAsync(app, ("x-my-session-id", "7"), ("x-not-t", "8"), ("x-tenant", "acme"), ("cookie", "a=b")));
    }

    [Fact]
    public async Task Code_can_clear_the_sanitized_names()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "cookie" }, settings => settings.SanitizedHeaders.Clear());

        Assert.Equal(["http.request.header.cookie=a=b"], await CapturedAsync(app, ("cookie", "a=b")));
    }

    [Theory]
    [InlineData("referer", "https://shop.example/cart?a=1&token=secret", "https://shop.example/cart?a=Redacted&token=Redacted")]
    [InlineData("referer", "/cb?code=secret#access_token=secret&x", "/cb?code=Redacted#access_token=Redacted&x")]
    [InlineData("referer", "/cart?flag&a==b", "/cart?flag&a=Redacted")]
    [InlineData("referer", "/cart?name=a b&token=sec\"ret>", "/cart?name=Redacted&token=Redacted")]
    [InlineData("referer", "https://user:secret@shop.example/a@b?c=d@e", "https://Redacted@shop.example/a@b?c=Redacted")]
    [InlineData("referer", "https://user:sec ret@shop.example/", "https://Redacted@shop.example/")]
    [InlineData("referer", "https://shop.example/users/a@b", "https://shop.example/users/a@b")]
    [InlineData("referer", "//user:secret@shop.example/a", "//Redacted@shop.example/a")]
    [InlineData("referer", "/a//b@c", "/a//b@c")]
    [InlineData("referer", "/a=b", "/a=b")]
    [InlineData("link", "<https://shop.example/?page=2>; rel=\"next\"", "<https://shop.example/?page=Redacted>; rel=\"next\"")]
    [InlineData("link", "<//user:secret@shop.example/a>; rel=\"next\"", "<//Redacted@shop.example/a>; rel=\"next\"")]
    [InlineData("refresh", "0; url=/next?code=secret", "0; url=/next?code=Redacted")]
    [InlineData("hx-location", "{\"path\":\"/a?b=se\\\"cret\",\"target\":\"#c\"}", "{\"path\":\"/a?b=Redacted#c\"}")]
    public async Task Parameters_of_a_captured_URL_are_redacted(string header, string url, string captured)
    {
        await using var app = await StartAsync(new() { [RequestVariable] = $"{header},x-url" });

        Assert.Equal(
            [$"http.request.header.{header}={captured}", $"http.request.header.x-url={url}"],
            await CapturedAsync(app, (header, url), ("x-url", url)));
    }

    [Fact]
    public async Task Long_user_information_is_redacted()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "referer" });

        Assert.Equal(
            ["http.request.header.referer=https://Redacted@shop.example/"],
            await CapturedAsync(app, ("referer", $"https://user:{new string('s', 1_100)}@shop.example/")));
    }

    [Fact]
    public async Task Parameters_of_a_captured_location_are_redacted()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app => app.MapGet("/", () => Results.Redirect("/next?code=secret")),
            new() { [ResponseVariable] = "location" });

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(["http.response.header.location=/next?code=Redacted"], Captured(app));
    }

    [Fact]
    public async Task Parameters_are_kept_if_code_clears_the_sanitized_names()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "referer" }, settings => settings.SanitizedHeaders.Clear());

        Assert.Equal(["http.request.header.referer=/?a=b"], await CapturedAsync(app, ("referer", "/?a=b")));
    }
}
