using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.ServerErrors;

/// <summary>
/// Says on the span which exception was behind a 5xx answer, whoever turned it into one, and nothing for a 4xx, which is the client's error
/// (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status).
/// </summary>
internal sealed class ServerErrorTags(ActiveRouteTracing tracing)
{
    private const string ErrorType = "error.type";

    /// <summary>
    /// Called when an exception escaped, after the instrumentation has set <c>error.type</c> and the status. Kestrel answers a <see cref="BadHttpRequestException"/> with
    /// the status code that it carries; a different answer in the end has the instrumentation set both again.
    /// </summary>
    public void OnException(Activity server, Exception exception, bool record)
    {
        if (exception is BadHttpRequestException { StatusCode: >= 400 and < 500 } && tracing.Rules.Enabled)
        {
            server.SetTag(ErrorType, null);
            server.SetStatus(ActivityStatusCode.Unset);
        }
        else if (record)
        {
            server.AddException(exception);
        }
    }

    /// <summary>Called when the span ends. The instrumentation hears of no exception that an exception handler caught, and gave the status code as <c>error.type</c>.</summary>
    public static void OnResponse(Activity server, HttpResponse response, bool record)
    {
        if (response.StatusCode >= StatusCodes.Status500InternalServerError
            && response.HttpContext.Features.Get<IExceptionHandlerFeature>() is { Error: { } exception }
            && server.GetTagItem(ErrorType) as string == response.StatusCode.ToString(CultureInfo.InvariantCulture))
        {
            server.SetTag(ErrorType, exception.GetType().FullName);
            if (record)
            {
                server.AddException(exception);
            }
        }
    }
}
