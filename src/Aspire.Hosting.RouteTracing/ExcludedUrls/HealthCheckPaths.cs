using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>The paths that Aspire, or what it deploys to, requests to see whether a resource is well.</summary>
internal static class HealthCheckPaths
{
    public static IEnumerable<string> Of(IResource resource)
    {
        string[] endpointNames = [.. resource.Annotations.OfType<EndpointAnnotation>().Select(endpoint => endpoint.Name)];
        var checks = resource.Annotations.OfType<HealthCheckAnnotation>()
            .Select(annotation => HealthCheckPath.FromKey(annotation.Key, resource.Name, endpointNames))
            .OfType<string>();
#pragma warning disable ASPIREPROBES001 // Read where it is present; nothing here asks the user to opt in.
        var probes = resource.Annotations.OfType<EndpointProbeAnnotation>().Select(annotation => annotation.Path);
#pragma warning restore ASPIREPROBES001
        return probes.Concat(checks).Distinct(StringComparer.Ordinal);
    }
}
