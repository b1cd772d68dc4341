using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Aspire.RouteTracing.Hooks;

/// <summary>One request on its way through the hooks.</summary>
internal sealed class HookedRequest(Activity span, HttpContext context, IRouteTracingHook[] hooks, Action<string, Exception> report)
{
    private const string ErrorType = "error.type";

    private readonly FinalValues _finalValues = new(span);
    private bool _requestShown;
    private bool _responseShown;

    // The endpoint may have excluded the request in the meantime.
    private bool IsRecorded => span.IsAllDataRequested;

    public void OnRouteMatched()
    {
        if (_requestShown || !IsRecorded)
        {
            return;
        }

        if (context.GetEndpoint()?.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route is { Length: > 0 } route)
        {
            span.SetTag("http.route", route);
            span.DisplayName = $"{span.DisplayName} {route}";
        }

        ShowRequest();
    }

    /// <summary>The response is about to start, or the request is over.</summary>
    public Task OnResponse()
    {
        if (_responseShown || !IsRecorded)
        {
            return Task.CompletedTask;
        }

        if (!_requestShown)
        {
            ShowRequest();
        }

        ShowResponse();
        return Task.CompletedTask;
    }

    /// <summary>The instrumentation has set its values.</summary>
    public void OnEnd()
    {
        // A server that gives up on a request calls back neither when the response starts nor when it's completed.
        _ = OnResponse();
        _finalValues.Restore();
    }

    private void ShowRequest()
    {
        _requestShown = true;
        _finalValues.Watch();
        foreach (var hook in hooks)
        {
            try
            {
                hook.OnRequest(span, context.Request);
            }
            catch (Exception exception)
            {
                Report(hook, nameof(RouteTracingSettings.RequestHook), exception);
            }
        }

        _finalValues.Keep();
    }

    private void ShowResponse()
    {
        _responseShown = true;
        var statusCode = context.Response.StatusCode;
        var (status, errorType) = (span.Status, span.GetTagItem(ErrorType));
        SetStatus(statusCode);
        var assumedErrorType = span.GetTagItem(ErrorType);
        _finalValues.Watch();
        foreach (var hook in hooks)
        {
            try
            {
                hook.OnResponse(span, context.Response);
            }
            catch (Exception exception)
            {
                Report(hook, nameof(RouteTracingSettings.ResponseHook), exception);
            }
        }

        if (statusCode >= StatusCodes.Status500InternalServerError && context.Response.StatusCode < StatusCodes.Status500InternalServerError)
        {
            TakeErrorBack(status, errorType, assumedErrorType);
        }

        _finalValues.Keep();
    }

    private void Report(IRouteTracingHook hook, string setting, Exception exception)
        => report(hook is SettingsHook ? setting : hook.GetType().ToString(), exception);

    // As the instrumentation will, so that the hooks see it and can change it.
    private void SetStatus(int statusCode)
    {
        if (span.GetTagItem("http.response.status_code") is null)
        {
            span.SetTag("http.response.status_code", statusCode);
        }

        if (statusCode < StatusCodes.Status500InternalServerError)
        {
            return;
        }

        if (span.Status == ActivityStatusCode.Unset)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }

        if (span.GetTagItem(ErrorType) is null)
        {
            span.SetTag(ErrorType, statusCode.ToString(CultureInfo.InvariantCulture));
        }
    }

    // A hook has answered otherwise. What it said of the error itself stays.
    private void TakeErrorBack(ActivityStatusCode status, object? errorType, object? assumedErrorType)
    {
        if (span is { Status: ActivityStatusCode.Error, StatusDescription: null })
        {
            span.SetStatus(status);
        }

        if (ReferenceEquals(span.GetTagItem(ErrorType), assumedErrorType))
        {
            span.SetTag(ErrorType, errorType);
        }
    }
}
