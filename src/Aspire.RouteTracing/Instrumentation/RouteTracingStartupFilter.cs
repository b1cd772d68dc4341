using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Hooks;
using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>Adds the middleware around the whole request pipeline.</summary>
internal sealed class RouteTracingStartupFilter(
    ActiveRouteTracing tracing,
    RequestExclusion exclusion,
    EndpointExclusion endpointExclusion,
    ExcludedRequestsCounter counter,
    FailedRequestSpan failedRequestSpan,
    RequestHooks hooks,
    ConfiguredPathBases configuredPathBases,
    IServiceProviderIsService services) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next)
    {
        hooks.Create();

        // Without a tracer provider, the instrumentation's Filter isn't called, even if another listener records the requests.
        var hasTracerProvider = services.IsService(typeof(TracerProvider));
        return app =>
        {
            app.Use(next =>
            {
                configuredPathBases.SetPipeline(next);
                return new RouteTracingMiddleware(
                    next, hasTracerProvider, tracing, exclusion, endpointExclusion, counter, failedRequestSpan).InvokeAsync;
            });
            next(app);
        };
    }
}
