using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Tests.Headers;

/// <summary>Headers become attributes when their names are asked for.</summary>
public sealed class HeaderCaptureTests
{
    private const string RequestVariable = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST";
    private const string ResponseVariable = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE";
    private const string SanitizeVariable = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS";

    [Fact]
    public async Task By_default_nothing_is_captured()
    {
        await using var app = await StartAsync([]);

        Assert.Empty(await CapturedAsync(app, ("x-tenant", "acme")));
    }

    [Theory]
    [InlineData(RequestVariable)]
    [InlineData("Aspire:RouteTracing:CapturedRequestHeaders")]
    public async Task Request_headers_are_captured_by_name_and_by_expression_in_whatever_case(string key)
    {
        await using var app = await StartAsync(new() { [key] = "X-Tenant, X-Flag-.*" });

        Assert.Equal(
            ["http.request.header.x-flag-a=on", "http.request.header.x-flag-b=off", "http.request.header.x-tenant=acme"],
            await CapturedAsync(
                app, ("x-tenant", "acme"), ("X-Flag-A", "on"), ("x-flag-b", "off"), ("x-tenant-id", "7"), ("my-x-tenant", "8")));
    }

    [Theory]
    [InlineData(ResponseVariable)]
    [InlineData("Aspire:RouteTracing:CapturedResponseHeaders")]
    public async Task Response_headers_are_captured_by_name_and_by_expression_in_whatever_case(string key)
    {
        await using var app = await StartAsync(new() { [key] = "X-Version,x-cache.*" });

        Assert.Equal(
            ["http.response.header.x-cache-hits=3", "http.response.header.x-version=1"],
            await CapturedAsync(app));
    }

    [Fact]
    public async Task The_sources_add_up()
    {
        await using var app = await StartAsync(
            new()
            {
                ["Aspire:RouteTracing:CapturedRequestHeaders:0"] = "x-one",
                ["Aspire:RouteTracing:CapturedRequestHeaders:1"] = "x-two",
                [RequestVariable] = "x-three,",
            },
            settings => settings.CapturedRequestHeaders.Add("x-four"));

        Assert.Equal(
            ["http.request.header.x-four=4", "http.request.header.x-one=1", "http.request.header.x-three=3", "http.request.header.x-two=2"],
            await CapturedAsync(app, ("x-one", "1"), ("x-two", "2"), ("x-three", "3"), ("x-four", "4"), ("x-five", "5")));
    }

    [Fact]
    public async Task A_name_has_to_match_as_a_whole()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "x-,tenant,x|x-tenant-i" });

        Assert.Empty(await CapturedAsync(app, ("x-tenant", "acme"), ("x-tenant-id", "7")));
    }

    [Fact]
    public async Task Headers_that_servers_treat_apart_are_captured_too()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "content-type,content-length" });
        using var content = new StringContent("12345", new System.Net.Http.Headers.MediaTypeHeaderValue("text/plain"));

        using var response = await app.Client.PostAsync("/", content, TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal(["http.request.header.content-length=5", "http.request.header.content-type=text/plain"], Captured(app));
    }

    [Fact]
    public async Task A_header_with_several_values_is_an_array()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "x-tenant", [ResponseVariable] = "x-twice" });

        // HttpClient would send one line.
        using var client = new TcpClient("127.0.0.1", app.Port);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"GET / HTTP/1.0\r\nHost: 127.0.0.1:{app.Port}\r\nx-tenant: acme\r\nx-tenant: globex\r\n\r\n"),
            TestContext.Current.CancellationToken);
        await new StreamReader(client.GetStream()).ReadToEndAsync(TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal(["http.request.header.x-tenant=acme|globex", "http.response.header.x-twice=a|b"], Captured(app));
    }

    [Fact]
    public async Task Sensitive_headers_are_redacted_by_default_even_when_a_wildcard_captures_them()
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
    public async Task What_is_to_be_sanitized_is_searched_in_the_name_and_added_to_the_default(string key)
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
    public async Task Code_can_clear_what_is_sanitized()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "cookie" }, settings => settings.SanitizedHeaders.Clear());

        Assert.Equal(["http.request.header.cookie=a=b"], await CapturedAsync(app, ("cookie", "a=b")));
    }

    [Fact]
    public async Task The_number_of_values_and_their_length_are_bounded()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "x-.*" });

        var captured = await CapturedAsync(
            app, [("x-long", new string('a', 5000)), .. Enumerable.Range(0, 80).Select(number => ($"x-{number}", "1"))]);

        Assert.Equal(64, captured.Count);
        Assert.Contains($"http.request.header.x-long={new string('a', 1024)}", captured);
    }

    [Fact]
    public async Task A_header_with_more_values_than_are_captured_keeps_the_first_ones()
    {
        await using var app = await StartAsync(new() { [ResponseVariable] = "x-many" });

        Assert.Equal([$"http.response.header.x-many={string.Join('|', Enumerable.Range(0, 64))}"], await CapturedAsync(app));
    }

    [Theory]
    [InlineData(RequestVariable, "*,x-tenant", "'*', item 1 of OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST")]
    [InlineData(
        "Aspire:RouteTracing:CapturedRequestHeaders",
        "x-tenant,x-(?=one)",
        "'x-(?=one)', item 2 of Aspire:RouteTracing:CapturedRequestHeaders")]
    [InlineData(RequestVariable, "x-tenant,)(", "')(', item 2 of")]
    public async Task A_bad_item_of_the_configuration_is_logged_and_the_others_apply(string key, string list, string message)
    {
        await using var app = await StartAsync(new() { [key] = list });

        Assert.Equal(["http.request.header.x-tenant=acme"], await CapturedAsync(app, ("x-tenant", "acme")));
        Assert.Contains(message, Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error).FormattedMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_item_of_the_code_fails_the_start()
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(
            () => StartAsync([], settings => settings.SanitizedHeaders.Add("(bad")));

        Assert.Contains("'(bad' of SanitizedHeaders", exception.Message, StringComparison.Ordinal);
    }

    // Backtracking, it would outlive the universe, and the test with it.
    [Fact(Timeout = 60_000)]
    public async Task An_expression_and_a_name_that_would_backtrack_for_ages_do_no_harm()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "(a+)+b" });

        Assert.Equal(
            ["http.request.header.aab=2"],
            await CapturedAsync(app, (new string('a', 8000), "1"), ("aab", "2")).WaitAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Expressions_add_256_attribute_names_and_the_log_says_so_once()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "x-.*,x-named" });

        for (var request = 0; request < 10; request++)
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, "/");
            message.Headers.Add("x-named", "named");
            for (var header = 0; header < 60; header++)
            {
                message.Headers.Add($"x-{request}-{header}", $"{header}");
            }

            using var response = await app.Client.SendAsync(message, TestContext.Current.CancellationToken);
        }

        await app.StopAsync();

        Assert.Equal(256 + 1, app.Spans.SelectMany(Captured).Select(attribute => attribute.Split('=')[0]).Distinct().Count());
        Assert.All(app.Spans, span => Assert.Contains("http.request.header.x-named=named", Captured(span)));
        Assert.Contains("'x-4-", Assert.Single(app.Logs, log => log.EventId.Id == 50).FormattedMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x-.*,x-wanted")]
    [InlineData("x-.*,^x-wanted$")]
    [InlineData("x-want[e]d,x-.*")]
    public async Task Junk_headers_do_not_push_out_a_header_that_is_named(string list)
    {
        await using var app = await StartAsync(new() { [RequestVariable] = list });

        var captured = await CapturedAsync(
            app, [.. Enumerable.Range(0, 80).Select(number => ($"x-{number}", "junk")), ("x-wanted", "wanted")]);

        Assert.Equal(64, captured.Count);
        Assert.Contains("http.request.header.x-wanted=wanted", captured);
    }

    [Fact]
    public async Task A_named_header_with_many_values_leaves_room_for_the_others()
    {
        await using var app = await StartAsync(new() { [ResponseVariable] = "x-many,x-version,x-twice" });

        Assert.Equal(
            [
                $"http.response.header.x-many={string.Join('|', Enumerable.Range(0, 62))}",
                "http.response.header.x-twice=a",
                "http.response.header.x-version=1",
            ],
            await CapturedAsync(app));
    }

    [Theory]
    [InlineData("https://shop.example/cart?a=1&token=secret", "https://shop.example/cart?a=Redacted&token=Redacted")]
    [InlineData("/cb?code=secret#access_token=secret&x", "/cb?code=Redacted#access_token=Redacted&x")]
    [InlineData("/cart?flag&a==b", "/cart?flag&a=Redacted")]
    [InlineData("/a=b", "/a=b")]
    public async Task Parameters_of_a_captured_URL_are_redacted(string url, string captured)
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "referer,x-url" });

        Assert.Equal(
            [$"http.request.header.referer={captured}", $"http.request.header.x-url={url}"],
            await CapturedAsync(app, ("referer", url), ("x-url", url)));
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
    public async Task Code_that_clears_what_is_sanitized_keeps_parameters()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "referer" }, settings => settings.SanitizedHeaders.Clear());

        Assert.Equal(["http.request.header.referer=/?a=b"], await CapturedAsync(app, ("referer", "/?a=b")));
    }

    [Fact]
    public async Task Names_that_code_adds_are_not_dropped_by_the_limit_of_256()
    {
        await using var app = await StartAsync(
            new() { [RequestVariable] = string.Join(',', Enumerable.Range(1, 300).Select(number => $"x-{number}")) },
            settings => settings.CapturedRequestHeaders.Add("x-code"));

        Assert.Equal(
            ["http.request.header.x-255=1", "http.request.header.x-code=1"],
            await CapturedAsync(app, ("x-255", "1"), ("x-256", "1"), ("x-code", "1")));
    }

    [Fact]
    public async Task What_a_hook_sets_wins_and_what_it_adds_to_the_response_is_captured()
    {
        await using var app = await StartAsync(
            new()
            {
                [RequestVariable] = "x-tenant",
                [ResponseVariable] = "x-hook,x-version,traceresponse",
                ["Aspire:RouteTracing:ResponsePropagators"] = "TraceResponse",
            },
            settings =>
            {
                settings.RequestHook = (span, _) => span.SetTag("http.request.header.x-tenant", new[] { "by the hook" });
                settings.ResponseHook = (span, response) =>
                {
                    response.Headers["x-hook"] = "was here";
                    span.SetTag("http.response.header.x-version", new[] { "by the hook" });
                };
            });

        var captured = await CapturedAsync(app, ("x-tenant", "acme"));

        Assert.Equal(
            [
                "http.request.header.x-tenant=by the hook",
                "http.response.header.traceresponse",
                "http.response.header.x-hook=was here",
                "http.response.header.x-version=by the hook",
            ],
            captured.Select(
                attribute => attribute.StartsWith("http.response.header.traceresponse=00-", StringComparison.Ordinal)
                    ? attribute.Split('=')[0]
                    : attribute));
    }

    [Theory]
    [InlineData("/excluded", null)]
    [InlineData("/", "always_off")]
    public async Task Nothing_is_captured_for_requests_that_are_excluded_or_not_sampled(string path, string? sampler)
    {
        Activity? server = null;
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app => app.MapGet("/{name?}", () => { server = Activity.Current; }),
            new()
            {
                [RequestVariable] = ".*",
                [ResponseVariable] = ".*",
                ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/excluded$",
                ["OTEL_TRACES_SAMPLER"] = sampler,
            });

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.NotNull(server);
        Assert.DoesNotContain(
            server.TagObjects,
            tag => tag.Key.StartsWith("http.re", StringComparison.Ordinal) && tag.Key.Contains(".header.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_change_of_the_configuration_takes_effect_on_the_next_request()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "x-one" });

        app.Reload(RequestVariable, "x-two");

        Assert.Equal(["http.request.header.x-two=2"], await CapturedAsync(app, ("x-one", "1"), ("x-two", "2")));
    }

    private static Task<TracedApp> StartAsync(Dictionary<string, string?> configuration, Action<RouteTracingSettings>? configure = null) =>
        TracedApp.StartAsync(
        builder => builder.AddRouteTracing(configure),
        app => app.Map("/{**path}", (HttpResponse response) =>
        {
            response.Headers["X-Version"] = "1";
            response.Headers["X-Cache-Hits"] = "3";
            response.Headers["X-Twice"] = new(["a", "b"]);
            response.Headers["X-Many"] = new([.. Enumerable.Range(0, 80).Select(number => $"{number}")]);
            response.Headers["Set-Cookie"] = "session=secret";
        }),
        configuration);

    /// <summary>Sends one request with the headers and reads the attributes that were captured.</summary>
    private static async Task<IReadOnlyList<string>> CapturedAsync(TracedApp app, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        foreach (var group in headers.GroupBy(header => header.Name))
        {
            request.Headers.TryAddWithoutValidation(group.Key, group.Select(header => header.Value));
        }

        using var response = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        await app.StopAsync();
        return Captured(app);
    }

    private static List<string> Captured(TracedApp app) => Captured(Assert.Single(app.Spans));

    private static List<string> Captured(Activity span) =>
    [
        .. span.TagObjects
            .Where(tag => tag.Key.Contains(".header.", StringComparison.Ordinal))
            .Select(tag => $"{tag.Key}={string.Join('|', Assert.IsType<string[]>(tag.Value))}")
            .Order(StringComparer.Ordinal),
    ];
}
