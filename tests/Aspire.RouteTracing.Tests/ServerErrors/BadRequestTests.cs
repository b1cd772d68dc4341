using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ServerErrors;

/// <summary>A <see cref="BadHttpRequestException"/> is the client's error if the response is 4xx, and otherwise the server's.</summary>
public sealed class BadRequestTests
{
    private const string ErrorType = "Microsoft.AspNetCore.Http.BadHttpRequestException";

    [Fact]
    public async Task A_bad_request_that_is_answered_with_4xx_is_not_an_error()
    {
        await using var app = await StartAsync(builder => builder.AddRouteTracing());

        using var response = await app.GetAsync("/refused");
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal(413, span.GetTagItem("http.response.status_code"));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Null(span.GetTagItem("error.type"));
        Assert.Empty(span.Events);
    }

    [Fact]
    public async Task A_bad_request_after_the_response_started_is_an_error()
    {
        await using var app = await StartAsync(builder => builder.AddRouteTracing());

        await Assert.ThrowsAsync<HttpRequestException>(() => app.GetAsync("/refused-halfway"));
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal(200, span.GetTagItem("http.response.status_code"));
        AssertIsError(span);
    }

    [Fact]
    public async Task A_bad_request_while_suspended_is_recorded_as_OpenTelemetry_does()
    {
        await using var app = await StartAsync(builder => builder.AddRouteTracing());

        using (app.RouteTracing().Suspend())
        {
            using var response = await app.GetAsync("/refused");
        }

        await app.StopAsync();

        AssertIsError(Assert.Single(app.Spans));
    }

    [Fact]
    public async Task A_bad_request_of_another_application_is_not_changed()
    {
        await using var beside = await StartAsync(builder => builder.AddRouteTracing());
        await using var app = await StartAsync(_ => { });

        using var response = await app.GetAsync("/refused");
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal(ErrorType, span.GetTagItem("error.type"));
    }

    private static void AssertIsError(Activity span)
    {
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal(ErrorType, span.GetTagItem("error.type"));
        Assert.Equal("exception", Assert.Single(span.Events).Name);
    }

    private static Task<TracedApp> StartAsync(Action<WebApplicationBuilder> configure) => TracedApp.StartAsync(
        builder =>
        {
            builder.Services.AddOpenTelemetry().WithTracing(
                tracing => tracing.AddAspNetCoreInstrumentation(options => options.RecordException = true));
            configure(builder);
        },
        app =>
        {
            app.MapGet("/refused", string () => throw new BadHttpRequestException("too large", 413));
            app.MapGet("/refused-halfway", async (HttpResponse response) =>
            {
                await response.WriteAsync("so far");
                throw new BadHttpRequestException("too large", 413);
            });
        });
}
