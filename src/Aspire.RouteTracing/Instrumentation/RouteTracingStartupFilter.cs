using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Hooks;
using Aspire.RouteTracing.ResponsePropagation;
using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>Puts the middleware around the whole request pipeline.</summary>
internal sealed class RouteTracingStartupFilter(
    AppRequests requests,
    ActiveRouteTracing tracing,
    RequestExclusion exclusion,
    ExcludedRequests excludedRequests,
    ExcludedRequestsCounter counter,
    RequestHooks hooks,
    ConfiguredPathBases configuredPathBases) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next)
    {
        requests.HasPipeline = true;
        hooks.Create();
        return app =>
        {
            app.Use(next => new ExclusionMiddleware(next, requests, exclusion, excludedRequests, counter).InvokeAsync);
            app.Use(next => new ResponsePropagationMiddleware(next, tracing, excludedRequests).InvokeAsync);
            app.Use(next =>
            {
                configuredPathBases.SearchIn(next);
                return next;
            });
            next(app);
        };
    }
}
