using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
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
            .WithMetrics(metrics => metrics.AddAspNetCoreInstrumentation().AddOtlpExporter());
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

    public static void AddHookClass(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<TenantNames>();
        builder.Services.AddRouteTracingHook<TenantHook>();
    }

    public static void Suspend(WebApplication app)
    {
        using (app.Services.GetRequiredService<IRouteTracing>().Suspend())
        {
            // Requests that start now are traced as without this library.
        }
    }

    public static void MapEndpoints(WebApplication app)
    {
        app.MapHealthChecks("/readyz").ExcludeFromTracing();
        app.MapGet("/excluded", (IRouteTracing tracing, string url) => tracing.FindExclusion(url)?.Pattern ?? "traced");
    }

    internal sealed class TenantHook(TenantNames names) : IRouteTracingHook
    {
        public void OnRequest(Activity span, HttpRequest request) => span.SetTag("tenant.name", names.Find(request.Host));
    }

    internal sealed class TenantNames(IHostEnvironment environment)
    {
        public string Find(HostString host) => $"{host.Host} in {environment.EnvironmentName}";
    }
}
