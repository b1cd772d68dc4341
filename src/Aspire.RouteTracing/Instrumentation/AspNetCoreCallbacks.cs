using System.Collections.Immutable;
using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Hooks;
using Aspire.RouteTracing.ServerErrors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Wraps the callbacks of the application and the service defaults for the ASP.NET Core instrumentation, under every options name.
/// </summary>
/// <remarks>Validates nothing: see "Why IValidateOptions" in docs/architecture.md.</remarks>
internal sealed class AspNetCoreCallbacks(
    ActiveRouteTracing tracing,
    AppRequests requests,
    RequestExclusion exclusion,
    FailedRequestSpan failedRequestSpan,
    RequestHooks hooks,
    RouteMatchedObserver routeMatched)
    : IValidateOptions<AspNetCoreTraceInstrumentationOptions>
{
    private ImmutableArray<(string? OptionsName, Func<HttpContext, bool>? Filter)> _filters = [];

    /// <summary>
    /// Gets whether an instrumentation calls the callbacks. Without one, another listener can still record requests.
    /// </summary>
    public bool AreInstalled => !_filters.IsEmpty;

    public ValidateOptionsResult Validate(string? name, AspNetCoreTraceInstrumentationOptions options)
    {
        var filter = options.Filter;
        options.Filter = context => ShouldRecord(context, filter);

        // The options are created again when a configuration of theirs changes.
        ImmutableInterlocked.Update(ref _filters, filters => [.. filters.Where(known => known.OptionsName != name), (name, filter)]);

        // An event can't be removed from a span. ServerErrorTags therefore records an exception once it is known to be a server error.
        var (recordException, onException) = (options.RecordException, options.EnrichWithException);
        failedRequestSpan.RecordException |= recordException;
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

    /// <summary>
    /// Excludes a request that isn't recorded if a Filter of the application rejects it. The instrumentation doesn't ask for such requests:
    /// those that aren't sampled, and those that another application of the process rejects.
    /// </summary>
    /// <returns>The excluded request, or <see langword="null"/> if no filter rejects it.</returns>
    public ExcludedRequest? FilterUnrecorded(HttpContext context)
    {
        foreach (var (_, filter) in _filters)
        {
            if (filter is not null && !IsAccepted(filter, context))
            {
                return exclusion.ExcludeByFilter(context);
            }
        }

        return null;
    }

    // As in the instrumentation, an exception is a rejection.
    private static bool IsAccepted(Func<HttpContext, bool> filter, HttpContext context)
    {
        try
        {
            return filter(context);
        }
        catch (Exception)
        {
            return false;
        }
    }

    // Called at the start of recorded requests.
    private bool ShouldRecord(HttpContext context, Func<HttpContext, bool>? filter)
    {
        var isAppRequest = requests.Contains(context);
        if (isAppRequest && exclusion.Decide(context) is not null)
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
            // The instrumentation treats an exception as a rejection.
            if (isAppRequest && !isAccepted && tracing.Current.Enabled)
            {
                exclusion.ExcludeByFilter(context);
            }
        }

        // The endpoints of other applications are known when they execute.
        if (isAccepted && requests.AreOfAllApplications)
        {
            exclusion.Track(context, ServerActivity.Find(context));
        }

        return isAccepted;
    }

    // Called at the start of recorded requests, after the instrumentation has set its attributes.
    private void OnStart(Activity span, HttpRequest request)
    {
        var settings = tracing.Current;
        var areHooksUsed = hooks.AreUsed(settings);
        if ((areHooksUsed || !settings.RequestHeaders.IsEmpty) && requests.Contains(request.HttpContext))
        {
            settings.RequestHeaders.Capture(span, request.Headers);
            if (areHooksUsed)
            {
                routeMatched.Subscribe();
                hooks.OnStart(settings, span, request.HttpContext);
            }
        }
    }

    // Called at the end of recorded requests, after the instrumentation has set its attributes.
    private void OnEnd(Activity span, HttpResponse response, bool recordException)
    {
        var settings = tracing.Current;
        if (ServerErrorTags.AppliesTo(span, response))
        {
            ServerErrorTags.OnResponse(span, response, recordException, settings.Enabled && requests.Contains(response.HttpContext));
        }

        hooks.OnEnd(response.HttpContext);
        if (!settings.ResponseHeaders.IsEmpty && requests.Contains(response.HttpContext))
        {
            settings.ResponseHeaders.Capture(span, response.Headers);
        }
    }
}
