using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>An endpoint that starts a child span.</summary>
internal static class NamedRoute
{
    public static Dictionary<string, string?> AlwaysOn { get; } = new() { ["OTEL_TRACES_SAMPLER"] = "always_on" };

    public static void Map(WebApplication app) =>
        app.MapGet("/{name}", () => TracedApp.Source.StartActivity("child")?.Dispose());
}
