using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// Distinguishes the requests of this application from those of others, because the instrumentation calls the callbacks of each application
/// for all requests of the process.
/// </summary>
internal sealed class AppRequests(IServiceProvider services)
{
    private readonly IServiceScopeFactory _scopeFactory = services.GetRequiredService<IServiceScopeFactory>();

    // Containers such as Grace create a factory whenever one is resolved, so it doesn't identify the application.
    private readonly bool _hasManyFactories =
        services.GetRequiredService<IServiceScopeFactory>() != services.GetRequiredService<IServiceScopeFactory>();

    /// <summary>
    /// Gets whether the requests are those of every application of the process, because the tracer provider is built without a host. It
    /// adds no middleware to the applications.
    /// </summary>
    public bool AreOfAllApplications { get; } = !HasHost(services);

    /// <summary>Returns whether a request belongs to this application.</summary>
    public bool Contains(HttpContext context) =>
        // A DefaultHttpContext has the scope factory of its application. RequestServices would create a scope.
        AreOfAllApplications
            || _hasManyFactories
            || context is not DefaultHttpContext { ServiceScopeFactory: { } factory }
            || ReferenceEquals(factory, _scopeFactory);

    // Doesn't create the lifetime, because it needs a logger, and a logger can need the tracer provider that is being built.
    private static bool HasHost(IServiceProvider services) =>
        services.GetService<IServiceProviderIsService>()?.IsService(typeof(IHostApplicationLifetime))
            ?? services.GetService<IHostApplicationLifetime>() is not null;
}
