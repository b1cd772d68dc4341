using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Aspire.RouteTracing.ServerErrors;

/// <summary>
/// Sets the exception of a 5xx response on the span, even if an exception handler answered it, and removes the exception of a 4xx response,
/// which is the client's error (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status).
/// </summary>
internal static class ServerErrorTags
{
    private const string ErrorType = "error.type";

    // A custom property, because it isn't exported.
    private const string BadRequest = "Aspire.RouteTracing.BadRequest";

    /// <summary>
    /// Called when an exception escaped from the application, after the instrumentation has set <c>error.type</c> and the status. Kestrel
    /// answers a <see cref="BadHttpRequestException"/> with its status code unless the response has started, so <see cref="OnResponse"/>
    /// decides.
    /// </summary>
    public static void OnException(Activity server, Exception exception, bool record)
    {
        if (exception is BadHttpRequestException { StatusCode: >= 400 and < 500 })
        {
            server.SetCustomProperty(BadRequest, exception);
        }
        else if (record)
        {
            server.AddException(exception);
        }
    }

    /// <summary>Returns whether <see cref="OnResponse"/> must be called.</summary>
    public static bool AppliesTo(Activity server, HttpResponse response) =>
        response.StatusCode >= StatusCodes.Status500InternalServerError || server.Status == ActivityStatusCode.Error;

    /// <summary>Called when the span ends, after the instrumentation has set its values.</summary>
    public static void OnResponse(Activity server, HttpResponse response, bool record, bool isTraced)
    {
        if (server.GetCustomProperty(BadRequest) is Exception badRequest)
        {
            if (isTraced && response.StatusCode is >= 400 and < 500)
            {
                server.SetTag(ErrorType, null);
                server.SetStatus(ActivityStatusCode.Unset);
            }
            else if (record)
            {
                server.AddException(badRequest);
            }
        }
        else if (isTraced
            && response.StatusCode >= StatusCodes.Status500InternalServerError
            && response.HttpContext.Features.Get<IExceptionHandlerFeature>() is { Error: { } exception })
        {
            OnHandledException(server, response, exception, record);
        }
    }

    /// <summary>
    /// Returns the <c>error.type</c> of the metric, which is the status code if an <c>IExceptionHandler</c> answered. Without metrics, it
    /// is the type of the exception. ASP.NET Core adds that of an exception that escapes later.
    /// </summary>
    public static object? FindErrorType(HttpContext context, Exception? exception, bool isHandled, int statusCode)
    {
        var tags = context.Features.Get<IHttpMetricsTagsFeature>()?.Tags;
        foreach (var (key, value) in tags ?? [])
        {
            if (key == ErrorType)
            {
                return value;
            }
        }

        return exception is null || (isHandled && tags is not null)
            ? statusCode.ToString(CultureInfo.InvariantCulture)
            : exception.GetType().FullName;
    }

    /// <summary>Adds an exception as an event, unless the application has added one, as an exception handler may do.</summary>
    public static void AddExceptionOnce(Activity span, Exception exception)
    {
        if (span.Events.All(e => e.Name != "exception"))
        {
            span.AddException(exception);
        }
    }

    // The instrumentation doesn't see an exception that an exception handler answered, so it sets error.type to the status code.
    private static void OnHandledException(Activity server, HttpResponse response, Exception exception, bool record)
    {
        if (server.GetTagItem(ErrorType) as string == response.StatusCode.ToString(CultureInfo.InvariantCulture))
        {
            server.SetTag(ErrorType, FindErrorType(response.HttpContext, exception, isHandled: true, response.StatusCode));
        }

        if (record)
        {
            AddExceptionOnce(server, exception);
        }
    }
}
