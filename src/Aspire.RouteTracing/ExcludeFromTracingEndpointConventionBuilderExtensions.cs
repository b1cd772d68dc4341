using Aspire.RouteTracing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Excludes endpoints from the traces.</summary>
public static class ExcludeFromTracingEndpointConventionBuilderExtensions
{
    /// <summary>
    /// Excludes the requests that execute these endpoints from the traces, as <see cref="ExcludeFromTracingAttribute"/> on their handler
    /// does.
    /// </summary>
    /// <typeparam name="TBuilder">The type of the builder.</typeparam>
    /// <param name="builder">The builder of one endpoint, or of a group.</param>
    /// <returns>The same builder, for chaining.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    public static TBuilder ExcludeFromTracing<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithMetadata(new ExcludeFromTracingAttribute());
    }
}
