using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using static Aspire.RouteTracing.Tests.Headers.HeaderApp;

namespace Aspire.RouteTracing.Tests.Headers;

/// <summary>Headers are captured as span attributes.</summary>
public sealed class HeaderCaptureTests
{
    [Fact]
    public async Task No_header_is_captured_by_default()
    {
        await using var app = await StartAsync([]);

        Assert.Empty(await CapturedAsync(app, ("x-tenant", "acme")));
    }

    [Theory]
    [InlineData(RequestVariable)]
    [InlineData("Aspire:RouteTracing:CapturedRequestHeaders")]
    public async Task Request_headers_are_captured_by_name_and_by_expression_ignoring_case(string key)
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
    public async Task Response_headers_are_captured_by_name_and_by_expression_ignoring_case(string key)
    {
        await using var app = await StartAsync(new() { [key] = "X-Version,x-cache.*" });

        Assert.Equal(
            ["http.response.header.x-cache-hits=3", "http.response.header.x-version=1"],
            await CapturedAsync(app));
    }

    [Fact]
    public async Task All_sources_of_header_names_add_up()
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
    public async Task An_expression_must_match_the_whole_name()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "x-,tenant,x|x-tenant-i" });

        Assert.Empty(await CapturedAsync(app, ("x-tenant", "acme"), ("x-tenant-id", "7")));
    }

    [Fact]
    public async Task Content_headers_are_captured()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "content-type,content-length" });
        using var content = new StringContent("12345", new System.Net.Http.Headers.MediaTypeHeaderValue("text/plain"));

        using var response = await app.Client.PostAsync("/", content, TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal(["http.request.header.content-length=5", "http.request.header.content-type=text/plain"], Captured(app));
    }

    [Fact]
    public async Task An_expression_can_end_in_a_comment()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "(?x)x-tenant # of the customer" });

        Assert.Equal(["http.request.header.x-tenant=acme"], await CapturedAsync(app, ("x-tenant", "acme")));
    }

    [Fact]
    public async Task A_header_with_several_values_is_an_array()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "x-tenant", [ResponseVariable] = "x-twice" });

        Assert.Equal(
            ["http.request.header.x-tenant=acme|globex", "http.response.header.x-twice=a|b"],
            await CapturedLinesAsync(app, "x-tenant: acme", "x-tenant: globex"));
    }

    [Theory]
    [InlineData(RequestVariable, "*,x-tenant", "'*', item 1 of OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST")]
    [InlineData(
        "Aspire:RouteTracing:CapturedRequestHeaders",
        "x-tenant,x-(?=one)",
        "'x-(?=one)', item 2 of Aspire:RouteTracing:CapturedRequestHeaders")]
    [InlineData(RequestVariable, "x-tenant,)(", "')(', item 2 of")]
    public async Task An_invalid_configured_item_is_logged_and_the_others_apply(string key, string list, string message)
    {
        await using var app = await StartAsync(new() { [key] = list });

        Assert.Equal(["http.request.header.x-tenant=acme"], await CapturedAsync(app, ("x-tenant", "acme")));
        Assert.Contains(message, Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error).FormattedMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalid_item_added_in_code_fails_the_startup()
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(
            () => StartAsync([], settings => settings.SanitizedHeaders.Add("(bad")));

        Assert.Contains("'(bad' that code added to SanitizedHeaders", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attributes_of_a_hook_are_kept_and_its_response_headers_are_captured()
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
    public async Task No_header_is_captured_for_requests_that_are_excluded_or_not_sampled(string path, string? sampler)
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
    public async Task A_configuration_change_applies_to_the_next_request()
    {
        await using var app = await StartAsync(new() { [RequestVariable] = "x-one" });

        app.Reload(RequestVariable, "x-two");

        Assert.Equal(["http.request.header.x-two=2"], await CapturedAsync(app, ("x-one", "1"), ("x-two", "2")));
    }
}
