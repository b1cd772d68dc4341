using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Hooks;
using Aspire.RouteTracing.ServerErrors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Wraps the callbacks of the ASP.NET Core instrumentation, under every options name, around those that the application or Aspire's service
/// defaults set.
/// </summary>
/// <remarks>Validates nothing: see "Why IValidateOptions" in docs/architecture.md.</remarks>
internal sealed class AspNetCoreCallbacks(
    ActiveRouteTracing tracing,
    AppRequests requests,
    RequestExclusion exclusion,
    RequestHooks hooks)
    : IValidateOptions<AspNetCoreTraceInstrumentationOptions>
{
    /// <summary>Gets whether the application wants exceptions recorded as events.</summary>
    public bool RecordException { get; private set; }

    public ValidateOptionsResult Validate(string? name, AspNetCoreTraceInstrumentationOptions options)
    {
        var filter = options.Filter;
        options.Filter = context => ShouldRecord(context, filter);

        // An event can't be removed from a span, so the one of an exception that is no server error must not be recorded in the first
        // place.
        var (recordException, onException) = (options.RecordException, options.EnrichWithException);
        RecordException |= recordException;
        options.RecordException = false;
        options.EnrichWithException = (server, exception) =>
        {
            ServerErrorTags.OnException(server, exception, recordException);
            onException?.Invoke(server, exception);
        };

        var enrichWithRequest = options.EnrichWithHttpRequest;
        options.EnrichWithHttpRequest = (server, request) =>
        {
            OnStart(server, request);
            enrichWithRequest?.Invoke(server, request);
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
        if (!requests.Contain(context))
        {
            return filter is null || filter(context);
        }

        if (exclusion.Decide(context, Activity.Current) is not null)
        {
            return false;
        }

        var isAccepted = false;
        try
        {
            isAccepted = filter is null || filter(context);
        }
        finally
        {
            // The instrumentation takes an exception for a rejection.
            if (!isAccepted && tracing.Current.Enabled)
            {
                exclusion.Exclude(context, Activity.Current, RequestExclusion.Filter, isOwn: false);
            }
        }

        return isAccepted;
    }

    // Called for recorded requests, when the instrumentation has set what it knows at their start.
    private void OnStart(Activity span, HttpRequest request)
    {
        var settings = tracing.Current;
        if ((!settings.RequestHeaders.IsEmpty || hooks.Any) && requests.Contain(request.HttpContext))
        {
            settings.RequestHeaders.Capture(span, request.Headers);
            hooks.OnStart(span, request.HttpContext);
        }
    }

    // Called for recorded requests, when it has set what it knows at their end.
    private void OnEnd(Activity span, HttpResponse response, bool recordException)
    {
        var settings = tracing.Current;
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
