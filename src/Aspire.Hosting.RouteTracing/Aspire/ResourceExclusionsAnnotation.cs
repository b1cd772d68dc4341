using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>What the application model says about one resource.</summary>
internal sealed class ResourceExclusionsAnnotation : IResourceAnnotation
{
    public PatternList List { get; } = new();

    public bool ExcludesHealthChecks { get; set; }

    public bool IgnoresAppWide { get; set; }

    public static ResourceExclusionsAnnotation Of(IResource resource)
    {
        if (!resource.TryGetLastAnnotation<ResourceExclusionsAnnotation>(out var annotation))
        {
            annotation = new ResourceExclusionsAnnotation();
            resource.Annotations.Add(annotation);
        }

        return annotation;
    }

    public void Add(IEnumerable<string> patterns, string parameterName) => List.Add(patterns, parameterName);
}
