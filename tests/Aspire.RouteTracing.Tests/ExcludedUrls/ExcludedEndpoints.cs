using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Starts an application with excluded endpoints.</summary>
internal static class ExcludedEndpoints
{
    public static Dictionary<string, string?> AlwaysOn { get; } = new() { ["OTEL_TRACES_SAMPLER"] = "always_on" };

    public static Task<TracedApp> StartAsync(string? sampler, string? excludedUrl = null, bool earlySpan = false) => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(settings =>
        {
            if (excludedUrl is not null)
            {
                settings.ExcludedUrls.Add(excludedUrl);
            }
        }),
        app =>
        {
            app.UseExceptionHandler("/error");
            if (earlySpan)
            {
                app.Use(async (context, next) =>
                {
                    TracedApp.Source.StartActivity("before routing")?.Dispose();
                    await next(context);
                });
                app.UseRouting();
            }

            app.MapGet("/probe/{id}", StartChild).ExcludeFromTracing();
            app.MapGet("/attributed", [ExcludeFromTracing] () => StartChild());
            app.MapGroup("/group").ExcludeFromTracing().MapGet("/member", StartChild);
            app.MapGet("/boom", string () => throw new InvalidOperationException("boom"));
            app.Map("/error", () => "sorry").ExcludeFromTracing();
            app.MapGet("/orders", StartChild);
        },
        new() { ["OTEL_TRACES_SAMPLER"] = sampler });

    public static void StartChild() => TracedApp.Source.StartActivity("child")?.Dispose();
}
