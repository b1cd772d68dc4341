using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.ResponsePropagation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Puts the middleware around the whole request pipeline, and listens to the application's own listener, which no other application of the process writes to.
/// </summary>
internal sealed class RouteTracingStartupFilter(
    AppRequests requests,
    ActiveRouteTracing tracing,
    RequestExclusion exclusion,
    ExcludedRequests excludedRequests,
    ExcludedRequestsCounter counter,
    DiagnosticListener listener,
    RouteMatchedObserver routeMatched) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next)
    {
        requests.HasPipeline = true;
        routeMatched.Subscribe(listener);
        return app =>
        {
            app.Use(next => new ExclusionMiddleware(next, exclusion, excludedRequests, counter).InvokeAsync);
            app.Use(next => new ResponsePropagationMiddleware(next, tracing, excludedRequests).InvokeAsync);
            next(app);
        };
    }
}
