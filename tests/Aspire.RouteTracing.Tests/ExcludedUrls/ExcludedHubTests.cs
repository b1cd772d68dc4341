using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Aspire.RouteTracing.Tests.ExcludedUrls.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>SignalR starts each call of a hub as a new root, linked to the request that opened the connection.</summary>
public sealed class ExcludedHubTests
{
    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    public async Task Calls_over_an_excluded_connection_export_no_span(HttpTransportType transport)
    {
        await using var app = await StartAsync("^/echo");
        await CallAsync(app, transport);
        await app.StopAsync();

        Assert.Empty(ServerSpans(app));
    }

    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    public async Task Calls_over_another_connection_export_spans(HttpTransportType transport)
    {
        await using var app = await StartAsync("^/other");
        await CallAsync(app, transport);
        await app.StopAsync();

        Assert.Contains($"{typeof(EchoHub).FullName}/{nameof(EchoHub.Echo)}", ServerSpans(app));
    }

    // The client of the test is in the same process.
    private static IEnumerable<string> ServerSpans(TracedApp app) =>
        app.Spans.Where(span => span.Kind == ActivityKind.Server).Select(span => span.DisplayName);

    private static Task<TracedApp> StartAsync(string excluded) => TracedApp.StartAsync(
        builder =>
        {
            builder.AddRouteTracing(settings => settings.ExcludedUrls.Add(excluded));
            builder.Services.AddSignalR();
            builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource("Microsoft.AspNetCore.SignalR.Server"));
        },
        app => app.MapHub<EchoHub>("/echo"),
        new() { ["OTEL_TRACES_SAMPLER"] = "always_on" });

    private static async Task CallAsync(TracedApp app, HttpTransportType transport)
    {
        await using var connection = new HubConnectionBuilder().WithUrl(new Uri(app.Client.BaseAddress!, "/echo"), transport).Build();
        await connection.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal("hello", await connection.InvokeAsync<string>(nameof(EchoHub.Echo), "hello", TestContext.Current.CancellationToken));
    }
}
