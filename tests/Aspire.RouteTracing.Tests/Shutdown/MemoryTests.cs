using System.Runtime.CompilerServices;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.Shutdown;

public sealed class MemoryTests
{
    [Fact]
    public async Task A_disposed_application_with_hooks_is_collected()
    {
        var disposed = await RunAsync();

        // Connections and timers of the application can end later.
        await Waits.UntilAsync(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !disposed.IsAlive;
            },
            "The application is still in memory.");
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
}
