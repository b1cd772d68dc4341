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
    // A tracer provider without a host serves every application of the process.
    private readonly bool _servesAllApplications = application is null;

    /// <summary>Returns whether a request belongs to this application.</summary>
    public bool Contains(HttpContext context) =>
        // A DefaultHttpContext has the scope factory of its application. RequestServices would create a scope.
        _servesAllApplications
            || context is not DefaultHttpContext { ServiceScopeFactory: { } factory }
            || ReferenceEquals(factory, scopeFactory);
}
