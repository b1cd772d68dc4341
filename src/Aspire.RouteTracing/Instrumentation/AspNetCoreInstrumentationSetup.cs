using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Hooks;
using Aspire.RouteTracing.ServerErrors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Puts route tracing into the callbacks of the ASP.NET Core instrumentation, under every options name, around the callbacks that are
/// there already: those of the application, or of Aspire's service defaults.
/// </summary>
/// <remarks>A validation by its place only: it is what the options framework does last, after whatever the application configures and post-configures.</remarks>
internal sealed class AspNetCoreInstrumentationSetup(
    ActiveRouteTracing tracing,
    AppRequests requests,
    RequestExclusion exclusion,
    ExcludedRequests excludedRequests,
    RequestHooks hooks)
    : IValidateOptions<AspNetCoreTraceInstrumentationOptions>
{
    public ValidateOptionsResult Validate(string? name, AspNetCoreTraceInstrumentationOptions options)
    {
        var filter = options.Filter;
        options.Filter = context => ShouldRecord(context, filter);
        requests.HasFilter = true;

        // An event can't be taken off a span again, so the one of an exception that is no server error must not be recorded in the first place.
        var (recordException, onException) = (options.RecordException, options.EnrichWithException);
        options.RecordException = false;
        options.EnrichWithException = (server, exception) =>
        {
            ServerErrorTags.OnException(server, exception, recordException);
            onException?.Invoke(server, exception);
        };

        var enrichWithRequest = options.EnrichWithHttpRequest;
        options.EnrichWithHttpRequest = (server, request) =>
        {
            if (TryStart(server, request))
            {
                enrichWithRequest?.Invoke(server, request);
            }
        };

        var enrichWithResponse = options.EnrichWithHttpResponse;
        options.EnrichWithHttpResponse = (server, response) =>
        {
            OnEnd(server, response, recordException);
            enrichWithResponse?.Invoke(server, response);
        };
        return ValidateOptionsResult.Skip;
    }

    // Called for sampled requests, at their start.
    private bool ShouldRecord(HttpContext context, Func<HttpContext, bool>? filter)
    {
        if (exclusion.Find(context) is not null && requests.Contain(context))
        {
            Exclude(Activity.Current, isByUrl: true);
            return false;
        }

        return filter is null || IsAccepted(context, filter);
    }

    // Called for requests that the application's own filter decides about.
    private bool IsAccepted(HttpContext context, Func<HttpContext, bool> filter)
    {
        var accepted = false;
        try
        {
            accepted = filter(context);
        }
        finally
        {
            // The instrumentation takes an exception for a rejection.
            if (!accepted && tracing.InForce.Enabled && requests.Contain(context))
            {
                Exclude(Activity.Current, isByUrl: false);
            }
        }

        return accepted;
    }

    // The middleware, where there is one, has the mark of the execution context end with the request.
    private void Exclude(Activity? server, bool isByUrl)
    {
        ExcludedRequests.Mark(server, isByUrl);
        if (server is not null && !requests.HasPipeline)
        {
            excludedRequests.Begin(server, server);
        }
    }

    // Called for requests that are recorded, when the instrumentation has set what it knows at their start. Whether the caller excluded the request is
    // asked here, since the activity is at hand.
    private bool TryStart(Activity span, HttpRequest request)
    {
        if (exclusion.IsExcludedUpstream(span) && requests.Contain(request.HttpContext))
        {
            Exclude(span, isByUrl: false);
            return false;
        }

        var settings = tracing.InForce;
        if ((!settings.RequestHeaders.IsEmpty || hooks.Any) && requests.Contain(request.HttpContext))
        {
            settings.RequestHeaders.Capture(span, request.Headers);
            hooks.OnStart(span, request.HttpContext);
        }

        return true;
    }

    // Called for the same requests, when it has set what it knows at their end.
    private void OnEnd(Activity span, HttpResponse response, bool recordException)
    {
        var settings = tracing.InForce;
        var mayBeError = ServerErrorTags.Concerns(span, response);
        if (!mayBeError && !hooks.HaveRun && settings.ResponseHeaders.IsEmpty)
        {
            return;
        }

        var isOwn = requests.Contain(response.HttpContext);
        if (mayBeError)
        {
            ServerErrorTags.OnResponse(span, response, recordException, isOwn && settings.Enabled);
        }

        if (isOwn)
        {
            hooks.OnEnd(response.HttpContext);
            settings.ResponseHeaders.Capture(span, response.Headers);
        }
    }
}
