using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.ServerErrors;

/// <summary>
/// Says on the span which exception was behind a 5xx answer, whoever turned it into one, and nothing for a 4xx, which is the client's error
/// (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status).
/// </summary>
internal sealed class ServerErrorTags
{
    private const string ErrorType = "error.type";

    // A property of an activity is exported by nobody.
    private const string BadRequest = "Aspire.RouteTracing.BadRequest";

    private volatile bool _anyIsOpen;

    /// <summary>Whether there was an exception yet about which the answer decides.</summary>
    public bool AnyIsOpen => _anyIsOpen;

    /// <summary>
    /// Called when an exception escaped, after the instrumentation has set <c>error.type</c> and the status. Kestrel answers a <see cref="BadHttpRequestException"/> with
    /// the status code that it carries, unless the response has started: whose error it is, the answer tells.
    /// </summary>
    public void OnException(Activity server, Exception exception, bool record)
    {
        if (exception is BadHttpRequestException { StatusCode: >= 400 and < 500 })
        {
            server.SetCustomProperty(BadRequest, exception);
            _anyIsOpen = true;
        }
        else if (record)
        {
            server.AddException(exception);
        }
    }

    /// <summary>
    /// Called when the span ends. The instrumentation hears of no exception that an exception handler caught, and gave the status code as <c>error.type</c>.
    /// </summary>
    public void OnResponse(Activity server, HttpResponse response, bool record, bool isTraced)
    {
        if (_anyIsOpen && server.GetCustomProperty(BadRequest) is Exception badRequest)
        {
            OnBadRequest(server, badRequest, record, isTraced && response.StatusCode is >= 400 and < 500);
        }
        else if (isTraced
            && response.StatusCode >= StatusCodes.Status500InternalServerError
            && response.HttpContext.Features.Get<IExceptionHandlerFeature>() is { Error: { } exception })
        {
            if (server.GetTagItem(ErrorType) as string == response.StatusCode.ToString(CultureInfo.InvariantCulture))
            {
                server.SetTag(ErrorType, exception.GetType().FullName);
            }

            // The handler may have added it.
            if (record && server.Events.All(e => e.Name != "exception"))
            {
                server.AddException(exception);
            }
        }
    }

    private static void OnBadRequest(Activity server, Exception exception, bool record, bool isClientError)
    {
        if (isClientError)
        {
            server.SetTag(ErrorType, null);
            server.SetStatus(ActivityStatusCode.Unset);
        }
        else if (record)
        {
            server.AddException(exception);
        }
    }
}
