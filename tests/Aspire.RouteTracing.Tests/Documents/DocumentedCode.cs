using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.Documents;

/// <summary>Contains the code of the documents for a service, line by line, so that it is compiled and run.</summary>
internal static class DocumentedCode
{
    public static void AddRouteTracing(WebApplicationBuilder builder)
    {
        builder.AddRouteTracing();
    }

    public static void PlainService(WebApplicationBuilder builder)
    {
        builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddOtlpExporter())
            .WithMetrics(metrics => metrics.AddOtlpExporter());
        builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/healthz$"));
    }

    public static void AddHooks(WebApplicationBuilder builder)
    {
        builder.AddRouteTracing(settings =>
        {
            settings.RequestHook = (span, request) => span.SetTag("tenant", (string?)request.Headers["x-tenant"]);
            settings.ResponseHook = (span, response) => response.Headers["x-trace-id"] = span.TraceId.ToHexString();
        });
    }

    public static void MapEndpoints(WebApplication app)
    {
        app.MapGet("/probe", () => "ready").ExcludeFromTracing();
        app.MapGet("/excluded", (IRouteTracing tracing, string url) => tracing.FindExclusion(url)?.Pattern ?? "traced");
    }
}
