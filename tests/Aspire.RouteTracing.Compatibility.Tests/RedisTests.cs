using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry.Trace;
using StackExchange.Redis;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>
/// OpenTelemetry's Redis instrumentation starts its spans later, on a thread of its own, below the activity that was current for the
/// command.
/// </summary>
public sealed class RedisTests : LibraryTests
{
    internal static readonly Library Redis = new("StackExchange.Redis", typeof(ConnectionMultiplexer))
    {
        ExcludedUrls = "^/health$",
        FilteredUrls = "^/(health|probe)$",
        Configure = builder =>
        {
            builder.Services.AddSingleton<RedisServer>();
            builder.Services.AddSingleton<IConnectionMultiplexer>(services =>
                ConnectionMultiplexer.Connect($"127.0.0.1:{services.GetRequiredService<RedisServer>().Port}"));
            builder.Services.AddHealthChecks().AddCheck<RedisCheck>("redis");
        },
        Trace = tracing => tracing.AddRedisInstrumentation(),
        Map = app =>
        {
            app.MapGet("/cart", async (IConnectionMultiplexer redis) => $"{await redis.GetDatabase().StringGetAsync("cart")}");
            app.MapHealthChecks("/health");
            app.MapGet("/probe", async (IConnectionMultiplexer redis) => $"{await redis.GetDatabase().PingAsync()}").ExcludeFromTracing();
        },
        Uses =
        [
            new("GET /cart", "reads a key"),
            new("GET /health", "an excluded URL: a health check pings the server") { Exclusion = UseExclusion.Whole },
            new("GET /probe", "an excluded endpoint, which pings the server") { Exclusion = UseExclusion.Whole },
        ],
    };

    internal override Library Library => Redis;

    [Fact]
    public async Task A_command_is_a_child_of_its_request()
    {
        var outcome = await Redis.SendAsync("GET /cart");

        Assert.Equal(["GET /cart", "GET"], outcome.Names);
        Assert.Equal(outcome.Spans[0].SpanId, outcome.Spans[1].ParentSpanId);
    }

    [Fact]
    public async Task A_Filter_alone_exports_orphaned_commands_under_always_on()
    {
        var outcome = await Redis.SendAsync("GET /health", Tracing.Stock, "always_on");

        Assert.True(outcome.IsOrphan(Assert.Single(outcome.Spans)));
    }

    private sealed class RedisCheck(IConnectionMultiplexer redis) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            await redis.GetDatabase().PingAsync();
            return HealthCheckResult.Healthy();
        }
    }
}
