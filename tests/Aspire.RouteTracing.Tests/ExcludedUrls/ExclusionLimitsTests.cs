using System.Diagnostics;
using System.Threading.Channels;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>The limits of exclusion that the README lists.</summary>
public sealed class ExclusionLimitsTests
{
    [Theory]
    [InlineData(null, 0)]
    [InlineData("always_on", 1)]
    public async Task Without_tracestate_a_call_carries_only_the_unsampled_flag(string? sampler, int spans)
    {
        var usual = Propagators.DefaultTextMapPropagator;
#pragma warning disable CS0618 // The one that replaces it is in a package of its own.
        Sdk.SetDefaultTextMapPropagator(new B3Propagator(singleHeader: true));
#pragma warning restore CS0618
        try
        {
            var header = default(string);
            await using var orders = await StartAsync(
                sampler,
                app => app.MapGet("/called", (HttpRequest request) => header = request.Headers["b3"]));
            await using var storefront = await StartAsync(
                sampler,
                app => app.MapGet("/{name}", (IHttpClientFactory clients) => CallAsync(clients, orders)));

            using var excluded = await storefront.GetAsync("/health");
            excluded.EnsureSuccessStatusCode();
            await storefront.StopAsync();
            await orders.StopAsync();

            Assert.NotNull(header);
            Assert.Equal(spans, orders.Spans.Count(span => span.Kind == ActivityKind.Server));
        }
        finally
        {
            Sdk.SetDefaultTextMapPropagator(usual);
        }
    }

    [Fact]
    public async Task Excluded_requests_spend_the_budget_of_a_sampler()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$"));
                builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.SetSampler(new BudgetSampler(2)));
            },
            app => app.MapGet("/{name}", (string name) => name));

        foreach (var path in new[] { "/health", "/orders", "/orders" })
        {
            using var response = await app.GetAsync(path);
        }

        await app.StopAsync();

        Assert.Equal(["GET /{name}"], app.SpanNames);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    [InlineData("traceidratio")]
    public async Task A_loop_that_outlives_an_excluded_connection_is_traced_afterwards(string? sampler)
    {
        var loop = new Loop();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/loop$"));
                builder.Services.AddSingleton(loop);
                builder.Services.AddSignalR();
                builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource("Microsoft.AspNetCore.SignalR.Server"));
            },
            app => app.MapHub<LoopHub>("/loop"),
            new() { ["OTEL_TRACES_SAMPLER"] = sampler });

        var hub = new Uri(app.Client.BaseAddress!, "/loop");
        await using (var connection = new HubConnectionBuilder().WithUrl(hub, HttpTransportType.WebSockets).Build())
        {
            await connection.StartAsync(TestContext.Current.CancellationToken);
            await connection.InvokeAsync(nameof(LoopHub.StartLoop), TestContext.Current.CancellationToken);
            await loop.TurnAsync("while the connection lives");
        }

        await app.App.StopAsync(TestContext.Current.CancellationToken);
        await loop.TurnAsync("when it is closed");
        await app.StopAsync();

        var turns = app.Spans.Where(span => span.Source.Name == TracedApp.SourceName).Select(span => span.DisplayName);
        Assert.Equal(["when it is closed"], turns);
    }

    private static Task<TracedApp> StartAsync(string? sampler, Action<WebApplication> map) => TracedApp.StartAsync(
        builder =>
        {
            // .NET sends its own traceparent and tracestate in addition to the headers of OpenTelemetry's propagator.
            builder.Services.AddHttpClient("b3").ConfigurePrimaryHttpMessageHandler(() =>
                new SocketsHttpHandler { ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator() });
            builder.AddRouteTracing(settings =>
            {
                settings.ExclusionKey = "a key that the services share";
                settings.ExcludedUrls.Add("^/health$");
            });
        },
        map,
        new() { ["OTEL_TRACES_SAMPLER"] = sampler });

    private static async Task<string> CallAsync(IHttpClientFactory clients, TracedApp next)
    {
        using var client = clients.CreateClient("b3");
        return await client.GetStringAsync(new Uri($"http://127.0.0.1:{next.Port}/called"));
    }

    /// <summary>Samples a fixed number of traces, like a rate-limiting sampler within its interval.</summary>
    private sealed class BudgetSampler(int budget) : Sampler
    {
        private int _asked;

        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
            new(Interlocked.Increment(ref _asked) <= budget ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
    }

    /// <summary>An app-wide loop that the first caller starts.</summary>
    private sealed class Loop
    {
        private readonly Channel<(string Name, TaskCompletionSource Done)> _turns =
            Channel.CreateUnbounded<(string, TaskCompletionSource)>();

        public void Start() => _ = Task.Run(async () =>
        {
            await foreach (var (name, done) in _turns.Reader.ReadAllAsync())
            {
                TracedApp.Source.StartActivity(name)?.Dispose();
                done.SetResult();
            }
        });

        public Task TurnAsync(string name)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _turns.Writer.TryWrite((name, done));
            return done.Task.WithinAMinute();
        }
    }

    private sealed class LoopHub(Loop loop) : Hub
    {
        public void StartLoop() => loop.Start();
    }
}
