using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.ServerErrors;

/// <summary>The span has the <c>error.type</c> of the metric.</summary>
public sealed class ErrorTypeTests
{
    [Fact]
    public async Task Span_and_metric_have_the_same_error_type_with_an_IExceptionHandler()
    {
        await using var app = await StartAsync();

        await FailAsync(app);

        Assert.Equal("503", Assert.Single(app.Spans).GetTagItem("error.type"));
        Assert.Contains("error.type=503", Assert.Single(app.CountsOf("http.server.request.duration").Keys), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Span_and_metric_have_the_error_type_that_an_IExceptionHandler_sets()
    {
        await using var app = await StartAsync(
            context => context.Features.Get<IHttpMetricsTagsFeature>()!.Tags.Add(new("error.type", "out_of_stock")));

        await FailAsync(app);

        Assert.Equal("out_of_stock", Assert.Single(app.Spans).GetTagItem("error.type"));
        Assert.Contains(
            "error.type=out_of_stock", Assert.Single(app.CountsOf("http.server.request.duration").Keys), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_metrics_the_span_has_the_exception()
    {
        await using var app = await StartAsync(context => context.Features.Set<IHttpMetricsTagsFeature>(null));

        await FailAsync(app);

        Assert.Equal("System.InvalidOperationException", Assert.Single(app.Spans).GetTagItem("error.type"));
    }

    private static async Task FailAsync(TracedApp app)
    {
        using var response = await app.GetAsync("/down");
        await app.StopAsync();
        Assert.Equal(StatusCodes.Status503ServiceUnavailable, (int)response.StatusCode);
    }

    private static Task<TracedApp> StartAsync(Action<HttpContext>? handle = null) => TracedApp.StartAsync(
        builder =>
        {
            builder.Services.AddSingleton<IExceptionHandler>(new Unavailable(handle)).AddProblemDetails();
            builder.AddRouteTracing();
        },
        app =>
        {
            app.UseExceptionHandler();
            app.MapGet("/down", string () => throw new InvalidOperationException());
        });

    private sealed class Unavailable(Action<HttpContext>? handle) : IExceptionHandler
    {
        public ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            handle?.Invoke(httpContext);
            return ValueTask.FromResult(true);
        }
    }
}
