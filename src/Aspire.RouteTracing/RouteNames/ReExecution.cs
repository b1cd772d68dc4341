using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>
/// UseExceptionHandler and UseStatusCodePagesWithReExecute send a failed request through the pipeline a second time, to an error page. An error
/// page is not what the client asked for.
/// </summary>
internal static class ReExecution
{
    /// <summary>Whether it's worth the look-up of two features to ask: either middleware has set the status code of the failure first.</summary>
    public static bool MayBeRunning(HttpContext context) => context.Response.StatusCode != StatusCodes.Status200OK;

    /// <summary>Whether the request is on its way to an error page.</summary>
    /// <param name="context">The request.</param>
    /// <param name="original">The endpoint that the client's own request had matched, if any.</param>
    public static bool IsRunning(HttpContext context, out Endpoint? original)
    {
        if (!MayBeRunning(context))
        {
            original = null;
            return false;
        }

        if (context.Features.Get<IExceptionHandlerFeature>() is { } exception)
        {
            original = exception.Endpoint;
            return true;
        }

        var statusCode = context.Features.Get<IStatusCodeReExecuteFeature>();
        original = statusCode?.Endpoint;
        return statusCode is not null;
    }

    /// <summary>
    /// Puts <paramref name="original"/> back once the response is sent, which is before the metric is recorded and the span ends. Nothing asks for
    /// the endpoint in between. Callbacks run last in, first out, so of several error pages in a row the first one's has the last word.
    /// </summary>
    public static void RestoreAtEnd(HttpContext context, Endpoint? original)
        => context.Response.OnCompleted(() =>
        {
            context.SetEndpoint(original);
            return Task.CompletedTask;
        });
}
