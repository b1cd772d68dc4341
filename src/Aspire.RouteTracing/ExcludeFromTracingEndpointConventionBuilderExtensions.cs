using Aspire.RouteTracing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Leaves endpoints out of the traces.</summary>
public static class ExcludeFromTracingEndpointConventionBuilderExtensions
{
    /// <summary>
    /// Leaves the requests that reach these endpoints out of the traces, as <see cref="ExcludeFromTracingAttribute"/> on their handler does.
    /// </summary>
    /// <typeparam name="TBuilder">The type of the builder.</typeparam>
    /// <param name="builder">The builder of one endpoint, or of a group.</param>
    /// <returns><paramref name="builder"/>, to chain calls.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    public static TBuilder ExcludeFromTracing<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithMetadata(new ExcludeFromTracingAttribute());
    }
}
