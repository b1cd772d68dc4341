using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>
/// <c>UseExceptionHandler</c> and <c>UseStatusCodePagesWithReExecute</c> send a failed request through the pipeline again, to an error
/// page. The request is named after the endpoint that it matched first.
/// </summary>
internal static class ReExecution
{
    /// <summary>Gets whether the request is on its way to an error page.</summary>
    /// <param name="context">The request.</param>
    /// <param name="original">The endpoint that the client's request had matched, if any.</param>
    public static bool IsRunning(HttpContext context, out Endpoint? original)
    {
        original = null;

        // Both middlewares set the status code of the failure first, which spares most requests the look-up of two features.
        if (context.Response.StatusCode == StatusCodes.Status200OK)
        {
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
    /// Restores <paramref name="original"/> when the response is sent: before the metric is recorded and the span ends, and after
    /// everything that asks for the endpoint. Callbacks run last in, first out, so the endpoint of the first of several error pages
    /// remains.
    /// </summary>
    public static void RestoreAtEnd(HttpContext context, Endpoint? original) => context.Response.OnCompleted(() =>
    {
        context.SetEndpoint(original);
        return Task.CompletedTask;
    });
}
