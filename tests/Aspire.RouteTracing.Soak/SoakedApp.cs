using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Soak;

/// <summary>An application behind Kestrel, under the sampler of Aspire's development environment, with a span of its own in each request.</summary>
internal static class SoakedApp
{
    private static readonly ActivitySource Source = new("Soak");

    public static async Task<WebApplication> StartAsync(ListInMemory list, ListFile file, Ledger ledger)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["OTEL_TRACES_SAMPLER"] = "always_on",
            ["Aspire:RouteTracing:ExclusionsFile"] = file.FilePath,
            ["Aspire:RouteTracing:ExclusionKey"] = "the key of the soak test",
        });
        builder.Configuration.Sources.Add(list);
        builder.AddRouteTracing();
        builder.Services.AddRouteTracingHook<RandomlyThrowingHook>();
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing
            .AddSource(Source.Name)
            .AddProcessor(new SimpleActivityExportProcessor(ledger)));

        var app = builder.Build();
        app.MapGet("/{kind}/{id}", context => HandleAsync(context, ledger));
        await app.StartAsync();
        return app;
    }

    private static async Task HandleAsync(HttpContext context, Ledger ledger)
    {
        var request = new SoakRequest(int.Parse(context.Request.Headers[SoakRequest.IdHeader]!, CultureInfo.InvariantCulture));
        ledger.Handled(request);
        using var inner = Source.StartActivity("inner");
        await Task.Yield();
        if (request.IsAborted)
        {
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }

        await context.Response.WriteAsync("ok");
    }
}
