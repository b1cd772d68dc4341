using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.TestHost;

/// <summary>Requests to the in-memory server of WebApplicationFactory have the same traces as requests over a socket.</summary>
public sealed class TestServerTests
{
    [Theory]
    [InlineData("/users/7", "GET /users/{id} Unset")]
    [InlineData("/boom/1", "GET /boom/{id} Error System.InvalidOperationException")]
    [InlineData("/missing", "GET Unset")]
    public async Task A_request_to_TestServer_has_the_same_span_as_over_a_socket(string path, string expected)
    {
        using var spans = new EndedSpans();
        await using var app = await StartAsync(spans);
        using var client = app.GetTestClient();

        foreach (var excluded in new[] { "/health", "/quiet/1" })
        {
            using var quiet = await client.GetAsync(excluded, TestContext.Current.CancellationToken);
            Assert.False(quiet.Headers.Contains("x-hook"));
        }

        using var response = await client.GetAsync(path, TestContext.Current.CancellationToken);

        // The server returns the response before the span ends.
        var span = await spans.NextAsync();
        Assert.Equal(expected, $"{span.DisplayName} {span.Status} {span.GetTagItem("error.type")}".TrimEnd());
        Assert.Equal(["was here"], response.Headers.GetValues("x-hook"));
        Assert.Equal(["was here"], Assert.IsType<string[]>(span.GetTagItem("http.response.header.x-hook")));
    }

    [Fact]
    public async Task An_exception_that_TestServer_rethrows_is_on_the_span()
    {
        using var spans = new EndedSpans();
        await using var app = await StartAsync(spans);
        using var client = app.GetTestClient();

        await Assert.ThrowsAsync<InvalidOperationException>(() => client.GetAsync("/unhandled/1", TestContext.Current.CancellationToken));

        var span = await spans.NextAsync();
        Assert.Equal("GET /unhandled/{id}", span.DisplayName);
        Assert.Equal("System.InvalidOperationException", span.GetTagItem("error.type"));
    }

    private static async Task<WebApplication> StartAsync(EndedSpans spans)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddProcessor(spans));
        builder.AddRouteTracing(settings =>
        {
            settings.ExcludedUrls.Add("^/health$");
            settings.CapturedResponseHeaders.Add("x-hook");
            settings.ResponseHook = (_, response) => response.Headers["x-hook"] = "was here";
        });

        var app = builder.Build();
        app.UseWhen(context => !context.Request.Path.StartsWithSegments("/unhandled"), app => app.UseExceptionHandler("/error"));
        app.UseStatusCodePagesWithReExecute("/status/{0}");
        app.UseRouting();
        app.MapGet("/users/{id}", (string id) => id);
        app.MapGet("/boom/{id}", string (string id) => throw new InvalidOperationException(id));
        app.MapGet("/unhandled/{id}", string (string id) => throw new InvalidOperationException(id));
        app.MapGet("/health", () => "healthy");
        app.MapGet("/quiet/{id}", (string id) => id).ExcludeFromTracing();
        app.Map("/error", () => Results.StatusCode(StatusCodes.Status500InternalServerError));
        app.Map("/status/{code:int}", (int code) => $"status {code}");
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private sealed class EndedSpans : BaseProcessor<Activity>
    {
        private readonly Channel<Activity> _spans = Channel.CreateUnbounded<Activity>();

        public override void OnEnd(Activity data) => _spans.Writer.TryWrite(data);

        public Task<Activity> NextAsync() =>
            _spans.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WithinAMinute();
    }
}
