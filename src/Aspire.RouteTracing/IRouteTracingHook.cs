using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing;

/// <summary>
/// Looks at every recorded request twice: when its route is known, and when its response is about to start. Register an implementation with
/// <c>services.AddRouteTracingHook&lt;T&gt;()</c>.
/// </summary>
/// <remarks>
/// Requests that are excluded or not recorded are not shown. What a hook sets is final: the display name, the status and the attributes that the
/// instrumentation sets by itself, which do not overwrite it. An exception is logged, once per hook, and reaches neither the request nor the other hooks.
/// </remarks>
public interface IRouteTracingHook
{
    /// <summary>
    /// Called once per request, as soon as routing has chosen an endpoint and before it runs; <c>http.route</c> and the name are on the span then. For a request that
    /// no endpoint matches, called just before <see cref="OnResponse"/>. Not called again when an error page is executed for the request. If it is called only then,
    /// the path and the endpoint are the error page's; <c>IStatusCodeReExecuteFeature</c> and <c>IExceptionHandlerPathFeature</c> have the path that the client sent.
    /// </summary>
    /// <param name="activity">The server span.</param>
    /// <param name="request">The request. Scoped services are in <c>request.HttpContext.RequestServices</c>.</param>
    void OnRequest(Activity activity, HttpRequest request)
    {
    }

    /// <summary>
    /// Called once per request, as its response is about to start, so that headers can still be added; <c>http.response.status_code</c> and the status are
    /// on the span then. When no response starts, because an exception escaped or the client has gone, called at the end of the request.
    /// </summary>
    /// <param name="activity">The server span.</param>
    /// <param name="response">The response. Scoped services are in <c>response.HttpContext.RequestServices</c>.</param>
    void OnResponse(Activity activity, HttpResponse response)
    {
    }
}
