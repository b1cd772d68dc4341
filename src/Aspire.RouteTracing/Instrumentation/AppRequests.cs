using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Tells the requests of this application from those of another in the same process: the instrumentation listens to all of them and
/// calls the callbacks of each application for every request.
/// </summary>
internal sealed class AppRequests(IServiceScopeFactory scopeFactory)
{
    /// <summary>Whether this container is a web application's, with the middleware in its pipeline. False for a tracer provider of its own.</summary>
    public bool HasPipeline { get; set; }

    // Every DefaultHttpContext carries its application's scope factory. RequestServices would tell too, but creates a scope.
    public bool Contain(HttpContext context)
        => !HasPipeline || context is not DefaultHttpContext { ServiceScopeFactory: { } factory } || ReferenceEquals(factory, scopeFactory);
}
