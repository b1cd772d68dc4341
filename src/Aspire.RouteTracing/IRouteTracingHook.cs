using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing;

/// <summary>
/// Is called twice for every recorded request: when its route is known, and when its response is about to start. Register an implementation
/// with <c>services.AddRouteTracingHook&lt;T&gt;()</c>.
/// </summary>
/// <remarks>
/// A hook isn't called for requests that are excluded or not recorded. What it sets is final: the instrumentation doesn't overwrite the
/// display name, the status and the attributes. An exception is logged once per hook, and reaches neither the request nor the other hooks.
/// A hook isn't awaited: what an <see langword="async"/> one does after its first <see langword="await"/> may come too late for the span,
/// which is logged once. An activity that a hook leaves open doesn't become the parent of the request's activities.
/// </remarks>
public interface IRouteTracingHook
{
    /// <summary>
    /// Called once per request, as soon as routing has chosen an endpoint and before it runs; <c>http.route</c> and the name are on the
    /// span then. For a request that no endpoint matches, called just before <see cref="OnResponse"/>, and so for an endpoint with <see
    /// cref="ExcludeFromTracingAttribute"/> that isn't executed, for example because the client isn't authorized. Not called again when an
    /// error page is executed for the request. If it is called only then, the path and the endpoint are the error page's;
    /// <c>IStatusCodeReExecuteFeature</c> and <c>IExceptionHandlerPathFeature</c> have the path that the client sent.
    /// </summary>
    /// <param name="activity">The server span.</param>
    /// <param name="request">The request. Scoped services are in <c>request.HttpContext.RequestServices</c>.</param>
    void OnRequest(Activity activity, HttpRequest request)
    {
    }

    /// <summary>
    /// Called once per request, as its response is about to start, so that headers can still be added; <c>http.response.status_code</c> and
    /// the status are on the span then. When no response starts, because an exception escaped or the client has gone, called at the end of
    /// the request.
    /// </summary>
    /// <param name="activity">The server span.</param>
    /// <param name="response">The response. Scoped services are in <c>response.HttpContext.RequestServices</c>.</param>
    void OnResponse(Activity activity, HttpResponse response)
    {
    }
}
