using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>A failure of an exclusion is logged once, and the requests are answered.</summary>
public sealed class ExclusionFailureTests
{
    [Fact]
    public async Task A_processor_that_rejects_the_span_of_a_failed_probe_breaks_no_request()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddProcessor(new ThrowingProcessor()));
                builder.AddRouteTracing(settings =>
                {
                    settings.KeepFailedRequests = true;
                    settings.ExcludedUrls.Add("^/health$");
                });
            },
            app => app.MapGet("/health", () => Results.Text("unhealthy", statusCode: 503)));

        await AssertAnswersAsync(app, "/health", "unhealthy");
    }

    [Fact]
    public async Task Automata_that_exceed_the_memory_limit_are_logged_once()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                for (var item = 0; item < 200; item++)
                {
                    settings.ExcludedUrls.Add($@"\b(health|h{item})\b");
                }
            }),
            app => app.MapGet("/orders/{id}", (int id) => id));

        for (var request = 0; request < 3; request++)
        {
            using var response = await app.GetAsync($"/orders/{request}");
        }

        await app.StopAsync();
        Assert.Equal(LogLevel.Warning, Assert.Single(app.Logs, log => log.EventId.Id == 8).LogLevel);
        Assert.Equal(3, app.Spans.Count);
    }

    private static async Task AssertAnswersAsync(TracedApp app, string path, string expected)
    {
        for (var request = 0; request < 2; request++)
        {
            using var response = await app.GetAsync(path);
            Assert.Equal(expected, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        await app.StopAsync();
        Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error && log.EventId.Id == 20);
    }

    private sealed class ThrowingProcessor : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data) => throw new InvalidOperationException("The processor is broken.");
    }
}
