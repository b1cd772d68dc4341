using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>
/// Names requests after their routes, on the metric and on the span: both ask the request's endpoint at the end of the request, when
/// the path base is gone and the endpoint may be an error page's.
/// </summary>
internal sealed partial class RouteNaming(ActiveRouteTracing tracing, ILogger<RouteNaming> logger)
{
    private readonly NamedRoutes _templates = new(RouteTemplateFormat.Template);
    private readonly NamedRoutes _simple = new(RouteTemplateFormat.Simple);
    private int _failed;

    /// <summary>The endpoint that bears the right name for requests without a path base.</summary>
    public NamedEndpoint Get(Endpoint endpoint, RouteTemplateFormat format) => Get(endpoint, format, PathString.Empty);

    /// <summary>Gives the request an endpoint that bears the right name. To be called when routing has chosen <paramref name="endpoint"/>.</summary>
    public NamedEndpoint Name(HttpContext context, Endpoint endpoint)
    {
        var named = Get(endpoint, tracing.Current.RouteTemplateFormat, context.Request.PathBase);
        if (!ReferenceEquals(named.Endpoint, endpoint))
        {
            context.SetEndpoint(named.Endpoint);
        }

        return named;
    }

    private NamedEndpoint Get(Endpoint endpoint, RouteTemplateFormat format, PathString pathBase)
    {
        try
        {
            return (format == RouteTemplateFormat.Simple ? _simple : _templates).Get(endpoint, pathBase);
        }
        catch (Exception exception)
        {
            if (Interlocked.Exchange(ref _failed, 1) == 0)
            {
                Log.Failed(logger, endpoint.DisplayName, exception);
            }

            return new NamedEndpoint(endpoint);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(30, LogLevel.Error, "The name of the route of '{Endpoint}' could not be written; its requests keep the name they have without route tracing. Further failures are not logged.")]
        public static partial void Failed(ILogger logger, string? endpoint, Exception exception);
    }
}
