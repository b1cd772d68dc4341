using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Distinguishes the requests of this application from those of others, because the instrumentation calls the callbacks of each application
/// for all requests of the process.
/// </summary>
internal sealed class AppRequests(IServiceScopeFactory scopeFactory, IHostApplicationLifetime? application = null)
{
    /// <summary>
    /// Gets whether the tracer provider has no host. It then serves every application of the process, and adds no middleware to them.
    /// </summary>
    public bool HaveNoMiddleware { get; } = application is null;

    /// <summary>Returns whether a request belongs to this application.</summary>
    public bool Contains(HttpContext context) =>
        // A DefaultHttpContext has the scope factory of its application. RequestServices would create a scope.
        HaveNoMiddleware
            || context is not DefaultHttpContext { ServiceScopeFactory: { } factory }
            || ReferenceEquals(factory, scopeFactory);
}
