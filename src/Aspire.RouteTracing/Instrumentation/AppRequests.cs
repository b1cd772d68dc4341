using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Tells the requests of this application from those of another in the same process: the instrumentation listens to all of them and
/// calls the callbacks of each application for every request.
/// </summary>
internal sealed class AppRequests(IServiceScopeFactory scopeFactory, IHostApplicationLifetime? application = null)
{
    // A tracer provider that was built outside of any host serves every application of the process.
    private readonly bool _areAll = application is null;

    /// <summary>Whether this container is a web application's, with the middleware in its pipeline.</summary>
    public bool HasPipeline { get; set; }

    /// <summary>Whether the instrumentation asks this container's Filter. False where nothing but a listener or a provider beside it records.</summary>
    public bool HasFilter { get; set; }

    // Every DefaultHttpContext carries its application's scope factory. RequestServices would tell too, but creates a scope.
    public bool Contain(HttpContext context)
        => _areAll || context is not DefaultHttpContext { ServiceScopeFactory: { } factory } || ReferenceEquals(factory, scopeFactory);
}
