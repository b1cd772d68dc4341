using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.Shutdown;

/// <summary>An application that stops while requests run.</summary>
public sealed class ShutdownTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stopping_the_host_exports_the_spans_in_flight_except_the_excluded_ones()
    {
        var exporter = new Exporter();
        using var running = new CountdownEvent(2);
        var stopping = new TaskCompletionSource();
        var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings => settings.RequestHook = (span, _) => span.SetTag("hooked", true));
                builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddProcessor(
                    new BatchActivityExportProcessor(exporter, scheduledDelayMilliseconds: int.MaxValue)));
            },
            app => app.MapGet("/{kind}/{id}", async () =>
            {
                using var inner = TracedApp.Source.StartActivity("inner");
                running.Signal();
                await stopping.Task.WithinAMinute();
            }),
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/hidden/", ["OTEL_TRACES_SAMPLER"] = "always_on" });

        var requests = new[] { app.GetAsync("/shown/1"), app.GetAsync("/hidden/1") };
        await Task.Run(() => running.Wait(Cancellation), Cancellation).WithinAMinute();
        app.App.Lifetime.ApplicationStopping.Register(stopping.SetResult);
        await app.App.StopAsync(Cancellation);
        foreach (var response in await Task.WhenAll(requests))
        {
            response.EnsureSuccessStatusCode();
            response.Dispose();
        }

        Assert.Empty(exporter.Spans);
        await app.DisposeAsync();

        Assert.Equal(
            ["GET /shown/{id}", "inner"], exporter.Spans.Select(span => span.Replace("{kind}", "shown", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public async Task An_application_listens_only_to_the_sources_of_its_provider()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app => app.MapGet("/health", () => "ok"));
        using var foreign = new ActivitySource("foreign");

        using var response = await app.GetAsync("/health");

        Assert.False(foreign.HasListeners());
    }

    private sealed class Exporter : BaseExporter<Activity>
    {
        public List<string> Spans { get; } = [];

        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var span in batch)
            {
                Spans.Add(span.Kind is ActivityKind.Server && span.GetTagItem("hooked") is null ? "no hook" : span.DisplayName);
            }

            return ExportResult.Success;
        }
    }
}
