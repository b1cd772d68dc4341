using System.Diagnostics;
using System.Reflection;
using Aspire.StackExchange.Redis;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>
/// Aspire has its own copy of OpenTelemetry's Redis instrumentation. The first request that uses Redis connects and starts the thread of
/// the profiler, which inherits the execution context of this request.
/// </summary>
public sealed class AspireRedisTests : LibraryTests
{
    private const int Probes = 3;

    internal static readonly Library AspireRedis = new("Aspire.StackExchange.Redis", typeof(StackExchangeRedisSettings))
    {
        ExcludedUrls = "^/health$",
        FilteredUrls = "^/(health|probe)$",
        Configure = builder =>
        {
            builder.Services.AddSingleton<RedisProfiler>();
            builder.Services.AddSingleton<RedisServer>();
            builder.Services.AddOptions<ConfigurationOptions>().Configure<RedisServer>(
                (options, server) => options.EndPoints.Add("127.0.0.1", server.Port));
            builder.AddRedisClient("cache");
            RedisProfiler.SetFlushInterval(builder.Services);
        },
        Map = app =>
        {
            // Observes from the first command on.
            app.Services.GetRequiredService<RedisProfiler>();

            app.MapGet("/cart", async (IConnectionMultiplexer redis) => $"{await redis.GetDatabase().StringGetAsync("cart")}");
            app.MapHealthChecks("/health");
            app.MapGet("/probe", async (IConnectionMultiplexer redis) => $"{await redis.GetDatabase().PingAsync()}").ExcludeFromTracing();
        },
        Uses =
        [
            new("GET /cart", "reads a key") { Until = services => ProfiledAsync(services, 1) },
            new("GET /health", "an excluded URL: the health check of `AddRedisClient` connects and pings the server twice")
            {
                Exclusion = UseExclusion.Whole,
                Until = services => ProfiledAsync(services, RedisProfiler.CommandsOfHealthCheck),
            },
            new("GET /probe", "an excluded endpoint, which connects and pings the server")
            {
                Exclusion = UseExclusion.Whole,
                Until = services => ProfiledAsync(services, 1),
            },
        ],
    };

    public static MatrixTheoryData<string?, string?> SamplersAndFlags { get; } =
        new([null, "always_on", "traceidratio"], [null, "01", "00"]);

    internal override Library Library => AspireRedis;

    [Theory]
    [MemberData(nameof(SamplersAndFlags))]
    public async Task Probes_export_no_command(string? sampler, string? flagsOfCallers)
    {
        var spans = new List<Activity>();
        await using (var app = await Run.StartAsync(AspireRedis, Tracing.RouteTracing, sampler, spans))
        {
            using var client = Run.CreateClient(app);
            var trace = ActivityTraceId.CreateRandom();
            for (var probe = 1; probe <= Probes; probe++)
            {
                var caller = flagsOfCallers is null ? null : $"00-{trace}-{ActivitySpanId.CreateRandom()}-{flagsOfCallers}";
                Assert.Equal("Healthy", await GetAsync(client, "/health", caller));
                await ProfiledAsync(app.Services, probe * RedisProfiler.CommandsOfHealthCheck);
            }
        }

        Assert.Empty(spans.Select(span => span.DisplayName));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    public async Task A_command_is_traced_after_a_probe_has_connected(string? sampler)
    {
        var spans = new List<Activity>();
        await using (var app = await Run.StartAsync(AspireRedis, Tracing.RouteTracing, sampler, spans))
        {
            using var client = Run.CreateClient(app);
            await GetAsync(client, "/health");
            await GetAsync(client, "/cart");
            await ProfiledAsync(app.Services, RedisProfiler.CommandsOfHealthCheck + 1);
        }

        AssertCart(spans);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    public async Task A_command_is_traced_while_the_probe_that_connected_runs(string? sampler)
    {
        var connected = new Signal();
        var traced = new Signal();
        var slow = AspireRedis with
        {
            Map = app =>
            {
                AspireRedis.Map(app);
                app.MapGet("/slow", async (IConnectionMultiplexer redis) =>
                {
                    await redis.GetDatabase().PingAsync();
                    connected.Set();
                    await traced.Task;
                }).ExcludeFromTracing();
            },
        };

        var spans = new List<Activity>();
        await using (var app = await Run.StartAsync(slow, Tracing.RouteTracing, sampler, spans))
        {
            using var client = Run.CreateClient(app);
            var probe = GetAsync(client, "/slow");
            await connected.Task.WithinAMinute();
            await GetAsync(client, "/cart");
            await ProfiledAsync(app.Services, 2);
            traced.Set();
            await probe;
        }

        AssertCart(spans);
    }

    private static void AssertCart(List<Activity> spans)
    {
        Assert.Equal(["GET", "GET /cart"], spans.Select(span => span.DisplayName).Order(StringComparer.Ordinal));
        var server = spans.Single(span => span.Kind == ActivityKind.Server);
        Assert.Equal(server.SpanId, spans.Single(span => span != server).ParentSpanId);
    }

    private static async Task<string> GetAsync(HttpClient client, string path, string? caller = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("traceparent", caller);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static Task ProfiledAsync(IServiceProvider services, int commands) =>
        services.GetRequiredService<RedisProfiler>().ProfiledAsync(commands);

    /// <summary>Observes the profiler's thread, which starts the spans of commands.</summary>
    private sealed class RedisProfiler : IDisposable
    {
        /// <summary>The health check pings the database and the server.</summary>
        public const int CommandsOfHealthCheck = 2;

        private const string Instrumentation = "OpenTelemetry.Instrumentation.StackExchangeRedis";

        // Long enough that most requests end before their commands are profiled, as with Aspire's 10 s.
        private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(50);

        private readonly SemaphoreSlim _commands = new(0);
        private readonly ActivityListener _listener;
        private int _awaited;

        public RedisProfiler()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = static source => source.Name == Instrumentation,
                Sample = OnCommand,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        /// <summary>Shortens the interval by reflection, because Aspire's copy of the options is internal.</summary>
        public static void SetFlushInterval(IServiceCollection services)
        {
            var aspire = typeof(StackExchangeRedisSettings).Assembly;
            var options = aspire.GetType($"{Instrumentation}.StackExchangeRedisInstrumentationOptions", throwOnError: true)!;
            typeof(RedisProfiler).GetMethod(nameof(Configure), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(options)
                .Invoke(obj: null, [services]);
        }

        /// <summary>Waits until the spans of this many commands have been started or dropped.</summary>
        /// <param name="commands">The number of commands since the start of the application.</param>
        public async Task ProfiledAsync(int commands)
        {
            for (; _awaited < commands; _awaited++)
            {
                await _commands.WaitAsync(TestContext.Current.CancellationToken).WithinAMinute();
            }
        }

        public void Dispose()
        {
            _listener.Dispose();
            _commands.Dispose();
        }

        private static void Configure<TOptions>(IServiceCollection services)
            where TOptions : class =>
            services.Configure<TOptions>(options => typeof(TOptions).GetProperty(nameof(FlushInterval))!.SetValue(options, FlushInterval));

        // Samples nothing, so that only the tracer provider decides which spans exist.
        private ActivitySamplingResult OnCommand(ref ActivityCreationOptions<ActivityContext> options)
        {
            _commands.Release();
            return ActivitySamplingResult.None;
        }
    }
}
