using System.Diagnostics;
using Aspire.RouteTracing.Benchmarks.Requests;
using Aspire.RouteTracing.Tests.RouteNames.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>A successful traced request allocates nothing for its name.</summary>
public sealed class RouteNameAllocationTests
{
    private const int Requests = 300;
    private const int Rounds = 4;
    private const int MaxRounds = 50;

    // The smallest object. A lower average means no object per request.
    private const int SmallestObject = 24;

    // Routing passes one candidate of 72 to 88 bytes to a policy that selects endpoints.
    private const int CandidateSet = 88;

    [Theory]
    [InlineData("Minimal APIs", "/users/42")]
    [InlineData("Minimal APIs", "/noslash/42")]
    [InlineData("Controllers, attribute routes", "/api/Widgets/5")]
    [InlineData("Controllers, conventional routes", "/home/about/77")]
    [InlineData("Fallback endpoint", "/anything/else")]
    public async Task Naming_a_request_allocates_nothing(string shape, string path) =>
        Assert.InRange(await MeasureAsync(shape, path, SmallestObject - 1), long.MinValue, SmallestObject - 1);

    [Theory]
    [InlineData("UsePathBase", "/base/users/42")]
    [InlineData("Map and MapWhen", "/branch/users/42")]
    public async Task Naming_under_a_path_base_allocates_the_candidate_set_of_routing(string shape, string path) =>
        Assert.InRange(await MeasureAsync(shape, path, CandidateSet), long.MinValue, CandidateSet);

    // Returns the bytes that a request allocates in addition to those without route tracing.
    private static async Task<long> MeasureAsync(string shape, string path, int expected)
    {
        var (stockServer, routeTracingServer) = (new InProcessServer(), new InProcessServer());
        await using var stock = await StartAsync(shape, stockServer, builder =>
            builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddAspNetCoreInstrumentation()));
        await using var routeTracing = await StartAsync(shape, routeTracingServer, builder => builder.AddRouteTracing());

        // The minimum of several rounds, in turns, so that tiered compilation doesn't count. It can be late.
        var (stockBytes, routeTracingBytes) = (long.MaxValue, long.MaxValue);
        for (var round = 0; round < MaxRounds && (round < Rounds || routeTracingBytes - stockBytes > expected); round++)
        {
            stockBytes = Math.Min(stockBytes, BytesPerRequest(stockServer, path));
            routeTracingBytes = Math.Min(routeTracingBytes, BytesPerRequest(routeTracingServer, path));
        }

        return routeTracingBytes - stockBytes;
    }

    private static long BytesPerRequest(InProcessServer server, string path)
    {
        server.Send(path);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var request = 0; request < Requests; request++)
        {
            server.Send(path);
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / Requests;
    }

    private static async Task<WebApplication> StartAsync(string shape, InProcessServer server, Action<WebApplicationBuilder> configure)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IServer>(server);
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddProcessor(new NoExport()));
        AppShapes.All[shape].Configure?.Invoke(builder);
        configure(builder);
        var app = builder.Build();
        AppShapes.All[shape].Map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private sealed class NoExport : BaseProcessor<Activity>;
}
