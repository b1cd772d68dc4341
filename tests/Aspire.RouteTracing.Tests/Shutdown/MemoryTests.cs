using System.Diagnostics;
using System.Runtime.CompilerServices;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.Shutdown;

/// <summary>What the library references doesn't stay in memory.</summary>
public sealed class MemoryTests
{
    [Fact]
    public async Task A_disposed_application_with_hooks_is_collected()
    {
        var disposed = await RunAsync();

        // Connections and timers of the application can end later.
        await AssertCollectedAsync(disposed, "The application is still in memory.");
    }

    [Theory]
    [InlineData("/health/empty", 0)]
    [InlineData("/health/text", 0)]
    [InlineData("/health/throwing", 0)]
    [InlineData("/filtered", 0)]
    [InlineData("/probe", 0)]
    [InlineData("/orders", 1)]
    public async Task The_context_of_a_request_is_collected_while_its_timer_lives(string path, int spans)
    {
        var timed = new TimedRequest();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                RemoveRequestLogs(builder);
                builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(
                    options => options.Filter = context => context.Request.Path != "/filtered");
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health/"));
            },
            app =>
            {
                app.MapGet("/health/empty", timed.Start);
                app.MapGet("/health/text", (HttpContext context) =>
                {
                    timed.Start(context);
                    return "healthy";
                });
                app.MapGet("/health/throwing", string (HttpContext context) =>
                {
                    timed.Start(context);
                    throw new InvalidOperationException("unhealthy");
                });
                app.MapGet("/filtered", timed.Start);
                app.MapGet("/probe", timed.Start).ExcludeFromTracing();
                app.MapGet("/orders", timed.Start);
            });

        await timed.SendAndAssertCollectedAsync(app, path);
        await app.StopAsync();

        Assert.Equal(spans, app.Spans.Count);
    }

    [Theory]
    [InlineData("/excluded", 0)]
    [InlineData("/orders", 1)]
    public async Task A_tracer_provider_without_a_host_releases_the_context(string path, int spans)
    {
        var exported = new List<Activity>();
        using var provider = Sdk.CreateTracerProviderBuilder()
            .AddRouteTracing(settings => settings.ExcludedUrls.Add("^/excluded$"))
            .AddInMemoryExporter(exported)
            .Build();
        var timed = new TimedRequest();
        await using var app = await TracedApp.StartAsync(RemoveRequestLogs, app => app.MapGet("/{name}", timed.Start));

        await timed.SendAndAssertCollectedAsync(app, path);
        await app.StopAsync();

        Assert.Equal(spans, exported.Count);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> RunAsync()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.RequestHook = (span, _) => span.SetTag("hooked", true)),
            app => app.MapGet("/", () => ""));
        using var response = await app.GetAsync("/");
        await app.StopAsync();
        Assert.Equal(true, Assert.Single(app.Spans).GetTagItem("hooked"));
        return new WeakReference(app.App);
    }

    // Their records, which the application keeps, contain the context.
    private static void RemoveRequestLogs(WebApplicationBuilder builder) =>
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting", LogLevel.Warning);

    private static Task AssertCollectedAsync(WeakReference reference, string failure) => Waits.UntilAsync(
        () =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !reference.IsAlive;
        },
        failure);

    /// <summary>A request that starts a timer, which keeps the execution context of the request.</summary>
    private sealed class TimedRequest
    {
        private WeakReference? _context;
        private Timer? _timer;

        public void Start(HttpContext context) => (_context, _timer) = (new WeakReference(context), new Timer(_ => { }));

        public async Task SendAndAssertCollectedAsync(TracedApp app, string path)
        {
            // Closes the connection, which would keep the context for its next request.
            await RawRequest.SendAsync(app.Port, $"GET {path} HTTP/1.1", $"Host: 127.0.0.1:{app.Port}");
            await AssertCollectedAsync(_context!, "The context of the request is still in memory.");
            await _timer!.DisposeAsync();
        }
    }
}
