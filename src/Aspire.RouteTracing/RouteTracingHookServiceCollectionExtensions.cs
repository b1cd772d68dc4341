using System.Diagnostics.CodeAnalysis;
using Aspire.RouteTracing;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds hooks to route tracing.</summary>
public static class RouteTracingHookServiceCollectionExtensions
{
    /// <summary>
    /// Adds a hook, as a singleton. Hooks run in the order of their registration, after the delegates of <see cref="RouteTracingSettings"/>. A type that was added
    /// before is not added again.
    /// </summary>
    /// <typeparam name="T">The type of the hook.</typeparam>
    /// <param name="services">The services of the application.</param>
    /// <returns><paramref name="services"/>, to chain calls.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is <see langword="null"/>.</exception>
    public static IServiceCollection AddRouteTracingHook<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(this IServiceCollection services)
        where T : class, IRouteTracingHook
    {
        ArgumentNullException.ThrowIfNull(services);

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IRouteTracingHook, T>());
        return services;
    }
}
