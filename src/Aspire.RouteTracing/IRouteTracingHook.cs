using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing;

/// <summary>
/// Runs code for every recorded request: when its route is known, and when its response is about to start. Register an implementation with
/// <c>services.AddRouteTracingHook&lt;T&gt;()</c>.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Hooks aren't called for requests that are excluded or not recorded.</item>
/// <item>The instrumentation doesn't overwrite the display name, the status and the attributes that a hook sets.</item>
/// <item>An exception is logged once per hook. The request and the other hooks continue.</item>
/// <item>Hooks aren't awaited. If a hook is <see langword="async"/>, the code after its first <see langword="await"/> may run after the
/// span has ended; this is logged once.</item>
/// <item>An activity that a hook leaves open doesn't become the parent of the request's activities.</item>
/// </list>
/// </remarks>
public interface IRouteTracingHook
{
    /// <summary>
    /// Called once per request, after routing has selected an endpoint and before the endpoint executes. The name of the span and
    /// <c>http.route</c> are already set.
    /// </summary>
    /// <remarks>
    /// <para>
    /// If no endpoint matches, the method is called just before <see cref="OnResponse"/>. The same applies if the endpoint has an <see
    /// cref="ExcludeFromTracingAttribute"/> but doesn't execute, for example because the client isn't authorized.
    /// </para>
    /// <para>
    /// The method isn't called again when an error page executes for the request. If its only call happens then, the path and the endpoint
    /// are those of the error page. <c>IStatusCodeReExecuteFeature</c> and <c>IExceptionHandlerPathFeature</c> provide the path that the
    /// client requested.
    /// </para>
    /// </remarks>
    /// <param name="activity">The server span.</param>
    /// <param name="request">The request. <c>request.HttpContext.RequestServices</c> provides scoped services.</param>
    void OnRequest(Activity activity, HttpRequest request)
    {
    }

    /// <summary>
    /// Called once per request, just before the response starts, so that headers can still be added. The status of the span and
    /// <c>http.response.status_code</c> are already set.
    /// </summary>
    /// <remarks>
    /// If no response starts, because an exception escaped or the client disconnected, the method is called at the end of the request.
    /// </remarks>
    /// <param name="activity">The server span.</param>
    /// <param name="response">The response. <c>response.HttpContext.RequestServices</c> provides scoped services.</param>
    void OnResponse(Activity activity, HttpResponse response)
    {
    }
}
