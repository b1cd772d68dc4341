using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.ServerErrors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Puts route tracing into the callbacks of the ASP.NET Core instrumentation, under every options name, around the callbacks that are
/// there already: those of the application, or of Aspire's service defaults.
/// </summary>
internal sealed class AspNetCoreInstrumentationSetup(
    AppRequests requests,
    RequestExclusion exclusion,
    ExcludedRequests excludedRequests,
    ServerErrorTags serverErrorTags)
    : IPostConfigureOptions<AspNetCoreTraceInstrumentationOptions>
{
    public void PostConfigure(string? name, AspNetCoreTraceInstrumentationOptions options)
    {
        var filter = options.Filter;
        options.Filter = context => ShouldRecord(context, filter);

        // An event can't be taken off a span again, so the one of an exception that is no server error must not be recorded in the first place.
        var (recordException, onException, onResponse) = (options.RecordException, options.EnrichWithException, options.EnrichWithHttpResponse);
        options.RecordException = false;
        options.EnrichWithException = (server, exception) =>
        {
            serverErrorTags.OnException(server, exception, recordException);
            onException?.Invoke(server, exception);
        };
        options.EnrichWithHttpResponse = (server, response) =>
        {
            if (exclusion.Rules.Enabled && requests.Contain(response.HttpContext))
            {
                ServerErrorTags.OnResponse(server, response, recordException);
            }

            onResponse?.Invoke(server, response);
        };
    }

    // Called for sampled requests, at their start.
    private bool ShouldRecord(HttpContext context, Func<HttpContext, bool>? filter)
    {
        if (!exclusion.Rules.Enabled || !requests.Contain(context) || Activity.Current is not { } server)
        {
            return filter is null || filter(context);
        }

        if (exclusion.Find(context) is not null || exclusion.IsExcludedUpstream(server))
        {
            Exclude(server);
            return false;
        }

        var accepted = false;
        try
        {
            accepted = filter is null || filter(context);
        }
        finally
        {
            // The instrumentation takes an exception for a rejection.
            if (!accepted)
            {
                RequestExclusion.MarkFilteredOut(server);
                Exclude(server);
            }
        }

        return accepted;
    }

    // The middleware marks the request within an async method of its own, where the mark costs one execution context and goes by itself.
    private void Exclude(Activity server)
    {
        if (!requests.HasPipeline)
        {
            excludedRequests.Begin(server);
        }
    }
}
