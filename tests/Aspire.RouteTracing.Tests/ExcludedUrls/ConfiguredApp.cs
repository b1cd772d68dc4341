using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Starts an application that answers every path.</summary>
internal static class ConfiguredApp
{
    public static Task<TracedApp> StartAsync(Dictionary<string, string?> configuration, Action<RouteTracingSettings>? configure = null) =>
        TracedApp.StartAsync(
            builder => builder.AddRouteTracing(configure),
            app => app.MapGet("/{**path}", () => "ok"),
            configuration);
}
