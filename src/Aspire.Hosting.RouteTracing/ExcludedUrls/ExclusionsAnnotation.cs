using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.Variables;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>The exclusions of one resource.</summary>
internal sealed class ExclusionsAnnotation : IResourceAnnotation
{
    public DeclaredExclusions Declared { get; } = new();

    public bool IgnoresAppWideExclusions { get; set; }

    public static ExclusionsAnnotation Of<T>(IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment
    {
        if (builder.Resource.TryGetLastAnnotation<ExclusionsAnnotation>(out var present))
        {
            return present;
        }

        var app = AppExclusions.Of(builder.ApplicationBuilder);
        var annotation = new ExclusionsAnnotation();
        builder.WithAnnotation(annotation);
        app.Add(annotation);

        // For tools that evaluate the environment before the AppHost starts.
        ExclusionEnvironment.Attach(builder.Resource, app);
        return annotation;
    }
}
