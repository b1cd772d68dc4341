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
    [Fact]
    public async Task Without_settings_a_traced_request_allocates_what_OpenTelemetry_allocates()
    {
        var stock = await BytesOfRequestAsync(
            builder => builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddAspNetCoreInstrumentation()));
        var routeTracing = await BytesOfRequestAsync(builder => builder.AddRouteTracing());
        var withHook = await BytesOfRequestAsync(builder => builder.AddRouteTracing(settings => settings.RequestHook = (_, _) => { }));

        Assert.Equal(stock, routeTracing);
        Assert.True(withHook > stock, "The measurement sees nothing.");
    }

    private static async Task<long> BytesOfRequestAsync(Action<WebApplicationBuilder> configure)
    {
        using var server = new InProcessServer();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IServer>(server);
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddProcessor(new NoExport()));
        configure(builder);
        await using var app = builder.Build();
        app.MapGet("/orders/{id}", () => "");
        await app.StartAsync(TestContext.Current.CancellationToken);

        // The minimum of many requests, because tiered compilation allocates during the first ones.
        var least = long.MaxValue;
        for (var request = 0; request < 5000; request++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            server.Send("/orders/1");
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private sealed class NoExport : BaseProcessor<Activity>;
}
