using Aspire.RouteTracing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Provides extension methods that exclude endpoints from the traces.</summary>
public static class ExcludeFromTracingEndpointConventionBuilderExtensions
{
    /// <summary>
    /// Excludes the requests that execute the endpoints from the traces. Equivalent to an <see cref="ExcludeFromTracingAttribute"/> on the
    /// handler.
    /// </summary>
    /// <remarks>
    /// Has no effect on endpoints that MVC replaces by another one, such as those of <c>MapFallbackToController</c> and
    /// <c>MapFallbackToPage</c>. Put the attribute on the action or the page instead.
    /// </remarks>
    /// <typeparam name="TBuilder">The type of the builder.</typeparam>
    /// <param name="builder">The builder of an endpoint or of a group of endpoints.</param>
    /// <returns>The same builder, for chaining.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    public static TBuilder ExcludeFromTracing<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithMetadata(new ExcludeFromTracingAttribute());
    }
}
