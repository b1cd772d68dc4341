using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.Headers;
using Aspire.Hosting.RouteTracing.Variables;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>What the AppHost says to one resource.</summary>
internal sealed class RouteTracingAnnotation(AppRouteTracing appRouteTracing) : IResourceAnnotation
{
    public DeclaredExclusions Exclusions { get; } = new();

    public DeclaredHeaders Headers { get; } = new();

    public bool IgnoresAppWideList { get; set; }

    public static RouteTracingAnnotation Of<T>(IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment
    {
        if (builder.Resource.TryGetLastAnnotation<RouteTracingAnnotation>(out var present))
        {
            return present;
        }

        var appRouteTracing = AppRouteTracing.Of(builder.ApplicationBuilder);
        var annotation = new RouteTracingAnnotation(appRouteTracing);
        builder.WithAnnotation(annotation);
        RouteTracingEnvironment.Attach(builder.Resource, appRouteTracing);
        return annotation;
    }

    public void Exclude(IReadOnlyList<string> patterns)
    {
        Exclusions.Add(patterns);
        appRouteTracing.RequireExclusionKeyFor(Exclusions);
    }

    public void ExcludeHealthChecks()
    {
        Exclusions.HealthChecks = true;
        appRouteTracing.RequireExclusionKeyFor(Exclusions);
    }
}
