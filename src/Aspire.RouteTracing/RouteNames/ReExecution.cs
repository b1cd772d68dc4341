using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>
/// <c>UseExceptionHandler</c> and <c>UseStatusCodePagesWithReExecute</c> run the pipeline again for an error page. The request keeps the
/// name of the endpoint that it matched first.
/// </summary>
internal static class ReExecution
{
    /// <summary>Returns whether the pipeline runs for an error page, and the endpoint that the request matched first, if any.</summary>
    public static bool IsRunning(HttpContext context, out Endpoint? original)
    {
        original = null;

        // Both set the status code first, so most requests don't need the features.
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
    /// If the pipeline runs for an error page, restores the endpoint that the request matched first when the response is sent, before the
    /// metric is recorded and the span ends. With several error pages, the first call wins.
    /// </summary>
    /// <returns>Whether the pipeline runs for an error page.</returns>
    public static bool RestoreAtEnd(HttpContext context)
    {
        if (!IsRunning(context, out var original))
        {
            return false;
        }

        if (context.Features.Get<MatchedEndpoint>() is null)
        {
            context.Features.Set(new MatchedEndpoint(original));
            context.Response.OnCompleted(
                static state =>
                {
                    var request = (HttpContext)state;
                    request.SetEndpoint(FindMatched(request));
                    return Task.CompletedTask;
                },
                context);
        }

        return true;
    }

    /// <summary>Returns the endpoint that the request matched first.</summary>
    public static Endpoint? FindMatched(HttpContext context) =>
        context.Features.Get<MatchedEndpoint>() is { } matched ? matched.Endpoint : context.GetEndpoint();

    private sealed record MatchedEndpoint(Endpoint? Endpoint);
}
