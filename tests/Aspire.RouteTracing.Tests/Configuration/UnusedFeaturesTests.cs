using System.Diagnostics;
using Aspire.RouteTracing.Benchmarks.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.Configuration;

/// <summary>Features that aren't configured cost nothing.</summary>
public sealed class UnusedFeaturesTests
{
    private const int Rounds = 5;
    private const int MaxRounds = 50;
    private const int Requests = 1_000;

    [Fact]
    public async Task Without_settings_a_traced_request_allocates_what_OpenTelemetry_allocates()
    {
        InProcessServer[] servers = [new(), new(), new()];
        await using var stock = await StartAsync(
            servers[0],
            builder => builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddAspNetCoreInstrumentation()));
        await using var routeTracing = await StartAsync(servers[1], builder => builder.AddRouteTracing());
        await using var withHook = await StartAsync(
            servers[2], builder => builder.AddRouteTracing(settings => settings.RequestHook = (_, _) => { }));

        // The minimum of many requests, in turns, because tiered compilation allocates and changes what others allocate. It can be late.
        var least = Enumerable.Repeat(long.MaxValue, servers.Length).ToArray();
        for (var round = 0; round < MaxRounds && (round < Rounds || least[1] != least[0] || least[2] <= least[0]); round++)
        {
            for (var app = 0; app < servers.Length; app++)
            {
                least[app] = Math.Min(least[app], BytesOfRequest(servers[app]));
            }
        }

        Assert.Equal(least[0], least[1]);
        Assert.True(least[2] > least[0], "The measurement sees nothing.");
    }

    private static long BytesOfRequest(InProcessServer server)
    {
        var least = long.MaxValue;
        for (var request = 0; request < Requests; request++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            server.Send("/orders/1");
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static async Task<WebApplication> StartAsync(InProcessServer server, Action<WebApplicationBuilder> configure)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IServer>(server);
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddProcessor(new NoExport()));
        configure(builder);
        var app = builder.Build();
        app.MapGet("/orders/{id}", () => "");
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private sealed class NoExport : BaseProcessor<Activity>;
}
