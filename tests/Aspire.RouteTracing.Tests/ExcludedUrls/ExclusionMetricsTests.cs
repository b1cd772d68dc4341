using System.Diagnostics.Metrics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>An excluded request is counted, but its duration isn't recorded.</summary>
public sealed class ExclusionMetricsTests
{
    [Fact]
    public async Task Metrics_are_the_same_if_the_SDK_of_OpenTelemetry_is_disabled()
    {
        var measured = new List<string>();
        IMeterFactory? meters = null;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name is "http.server.request.duration" or "aspire.route_tracing.excluded_requests"
                    && instrument.Meter.Scope == meters)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => measured.Add(instrument.Name));
        listener.SetMeasurementEventCallback<long>((instrument, _, _, _) => measured.Add(instrument.Name));
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                // ASP.NET Core creates an activity for the logs.
                builder.Logging.AddConsole().SetMinimumLevel(LogLevel.Critical);
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"));
            },
            NamedRoute.Map,
            new() { ["OTEL_SDK_DISABLED"] = "true" });
        meters = app.App.Services.GetRequiredService<IMeterFactory>();
        listener.Start();

        using var excluded = await app.GetAsync("/excluded");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["aspire.route_tracing.excluded_requests", "http.server.request.duration"], measured);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(TraceParent.Unsampled)]
    public async Task The_duration_of_an_excluded_request_is_not_recorded(string? parent)
    {
        await using var app = await StartAsync();

        using var response = await app.GetAsync("/health", parent);
        await app.StopAsync();

        Assert.Empty(app.CountsOf("http.server.request.duration"));
        Assert.Equal(1, app.CountsOf("aspire.route_tracing.excluded_requests").Values.Sum());
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/by-endpoint")]
    public async Task The_duration_is_recorded_without_ExcludeFromMetrics(string path)
    {
        await using var app = await StartAsync(settings => settings.ExcludeFromMetrics = false);

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.Equal(1, app.CountsOf("http.server.request.duration").Values.Sum());
        Assert.Equal(1, app.CountsOf("aspire.route_tracing.excluded_requests").Values.Sum());
    }

    [Fact]
    public async Task Excluded_requests_are_counted_by_pattern_and_status_code()
    {
        await using var app = await StartAsync();

        foreach (var path in new[] { "/health", "/health", "/health/failing", "/health/throwing", "/health/malformed", "/metrics" })
        {
            using var response = await app.GetAsync(path);
        }

        await app.StopAsync();

        Assert.Equal(
            new Dictionary<string, long>
            {
                ["aspire.route_tracing.pattern=^/health http.response.status_code=200"] = 2,
                ["aspire.route_tracing.pattern=^/health http.response.status_code=503"] = 1,
                ["aspire.route_tracing.pattern=^/health http.response.status_code=500"] = 1,
                ["aspire.route_tracing.pattern=^/health http.response.status_code=413"] = 1,
                ["aspire.route_tracing.pattern=^/metrics$ http.response.status_code=404"] = 1,
            },
            app.CountsOf("aspire.route_tracing.excluded_requests"));
    }

    [Theory]
    [InlineData("/health/halfway", "^/health")]
    [InlineData("/halfway", "/halfway")]
    public async Task A_request_that_fails_during_its_response_has_the_sent_status_code(
        string path, string pattern)
    {
        await using var app = await StartAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => app.GetAsync(path));
        await app.StopAsync();

        Assert.Equal(
            new Dictionary<string, long> { [$"aspire.route_tracing.pattern={pattern} http.response.status_code=200"] = 1 },
            app.CountsOf("aspire.route_tracing.excluded_requests"));
    }

    private static Task<TracedApp> StartAsync(Action<RouteTracingSettings>? configure = null) => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(settings =>
        {
            settings.ExcludedUrls.Add("^/health");
            settings.ExcludedUrls.Add("^/metrics$");
            configure?.Invoke(settings);
        }),
        app =>
        {
            app.MapGet("/health", () => "ok");
            app.MapGet("/health/failing", () => Results.StatusCode(503));
            app.MapGet("/health/throwing", string () => throw new InvalidOperationException("unhealthy"));
            app.MapGet("/health/malformed", string () => throw new BadHttpRequestException("too large", 413));
            app.MapGet("/health/halfway", FailHalfwayAsync);
            app.MapGet("/halfway", FailHalfwayAsync).ExcludeFromTracing();
            app.MapGet("/by-endpoint", () => "ok").ExcludeFromTracing();
        });

    private static async Task FailHalfwayAsync(HttpResponse response)
    {
        await response.WriteAsync("so far");
        throw new InvalidOperationException("and no further");
    }
}
