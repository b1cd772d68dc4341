using System.Diagnostics.CodeAnalysis;
using Aspire.RouteTracing;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Provides extension methods that add hooks to route tracing.</summary>
public static class RouteTracingHookServiceCollectionExtensions
{
    /// <summary>
    /// Adds a hook as a singleton. Hooks run in the order of their registration, after the delegates of <see
    /// cref="RouteTracingSettings"/>. A type is added only once.
    /// </summary>
    /// <typeparam name="T">The type of the hook.</typeparam>
    /// <param name="services">The service collection.</param>
    /// <returns>The same <paramref name="services"/>, for chaining.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is <see langword="null"/>.</exception>
    public static IServiceCollection AddRouteTracingHook<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IServiceCollection services)
        where T : class, IRouteTracingHook
    {
        ArgumentNullException.ThrowIfNull(services);

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IRouteTracingHook, T>());
        return services;
    }

    /// <summary>
    /// Adds an instance of a hook. Hooks run in the order of their registration, after the delegates of <see cref="RouteTracingSettings"/>.
    /// An instance is added only once, but several instances of a type can be added.
    /// </summary>
    /// <param name="services">The service collection.</param>
    /// <param name="hook">The hook.</param>
    /// <returns>The same <paramref name="services"/>, for chaining.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="hook"/> is <see
    /// langword="null"/>.</exception>
    public static IServiceCollection AddRouteTracingHook(this IServiceCollection services, IRouteTracingHook hook)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(hook);

        if (!services.Any(
            service => service is { IsKeyedService: false }
                && service.ServiceType == typeof(IRouteTracingHook)
                && ReferenceEquals(service.ImplementationInstance, hook)))
        {
            services.AddSingleton(hook);
        }

        return services;
    }
}
