using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Hooks;
using Aspire.RouteTracing.ResponsePropagation;
using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// The outermost middleware. Decides the exclusion of unrecorded requests, for which the instrumentation's Filter isn't called, and
/// counts excluded requests at their end.
/// </summary>
internal sealed class RouteTracingMiddleware(
    ActiveRouteTracing tracing,
    RequestExclusion exclusion,
    EndpointExclusion endpointExclusion,
    RequestHooks hooks,
    ConfiguredPathBases configuredPathBases,
    AspNetCoreCallbacks callbacks) : IStartupFilter
{
    /// <summary>Adds the middleware around the whole request pipeline.</summary>
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next)
    {
        hooks.Create();
        return app =>
        {
            app.Use(pipeline =>
            {
                configuredPathBases.SetPipeline(pipeline);
                return context => InvokeAsync(context, pipeline);
            });
            next(app);
        };
    }

    private Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var settings = tracing.Current;
        if (!settings.Enabled && ExcludedRequest.Current is null)
        {
            return next(context);
        }

        var server = ServerActivity.Find(context);
        var request = DecideOrTrack(context, server, settings);
        ExclusionSignature.Remove(server);
        if (settings.ResponsePropagators != ResponsePropagators.None && request is not { IsRunning: true })
        {
            TraceableResponse.Register(context.Response, server, request, settings.ResponsePropagators);
        }

        return request is null ? next(context) : RunAsync(context, next, request);
    }

    private ExcludedRequest? DecideOrTrack(HttpContext context, Activity? server, CompiledSettings settings)
    {
        // A recorded request has passed the instrumentation's Filter.
        var isAccepted = callbacks.AreInstalled && server is { IsAllDataRequested: true };
        return (isAccepted ? null : DecideUnrecorded(context, settings))
            ?? (endpointExclusion.IsUsed ? exclusion.Track(context, server) : null);
    }

    private ExcludedRequest? DecideUnrecorded(HttpContext context, CompiledSettings settings)
    {
        // The Filter has excluded the request already.
        if (ExcludedRequest.Current is { ExcludedBy: not null } decided && decided.IsOf(context))
        {
            return decided;
        }

        return exclusion.Decide(context) ?? (settings.Enabled ? callbacks.FilterUnrecorded(context) : null);
    }

    private async Task RunAsync(HttpContext context, RequestDelegate next, ExcludedRequest request)
    {
        if (request.IsCounted)
        {
            RequestExclusion.DisableMetrics(context, request);
        }

        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            exclusion.Complete(context, request, exception);
            throw;
        }

        exclusion.Complete(context, request, failure: null);
    }
}
