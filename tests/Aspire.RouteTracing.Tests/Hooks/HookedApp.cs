using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.Hooks;

/// <summary>Starts applications with hooks.</summary>
internal static class HookedApp
{
    public static Task<TracedApp> StartAsync(Action<RouteTracingSettings> configure, Action<WebApplication> map) =>
        TracedApp.StartAsync(builder => builder.AddRouteTracing(configure), map);

    public static void MapOkAndBoom(WebApplication app)
    {
        app.MapGet("/ok", () => "ok");
        app.MapGet("/boom", string () => throw new InvalidOperationException("boom"));
    }
}
