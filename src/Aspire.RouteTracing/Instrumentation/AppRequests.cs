using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Tells the requests of this application from those of another in the same process, because the instrumentation calls the callbacks of
/// each application for every request of the process.
/// </summary>
internal sealed class AppRequests(IServiceScopeFactory scopeFactory, IHostApplicationLifetime? application = null)
{
    // A tracer provider that was built outside of any host serves every application of the process.
    private readonly bool _areAll = application is null;

    /// <summary>Returns whether a request is one of this application.</summary>
    public bool Contain(HttpContext context) =>
        // Every DefaultHttpContext has its application's scope factory. RequestServices would tell, too, but creates a scope.
        _areAll || context is not DefaultHttpContext { ServiceScopeFactory: { } factory } || ReferenceEquals(factory, scopeFactory);
}
