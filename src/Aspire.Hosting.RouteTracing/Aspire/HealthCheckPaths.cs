using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing;

/// <summary>The paths that Aspire, or what it deploys to, requests to see whether a resource is well.</summary>
internal static class HealthCheckPaths
{
    /// <summary>Patterns for exactly these paths, each once; none for the root, which is a page of the application, too.</summary>
    public static IEnumerable<string> GetPatterns(IResource resource) =>
        GetProbePaths(resource)
            .Concat(resource.Annotations.OfType<HealthCheckAnnotation>().Select(annotation => GetPath(resource, annotation.Key)).OfType<string>())
            .Select(path => path.Split('?', '#')[0])
            .Select(path => path.TrimStart('/'))
            .Where(path => path.Length > 0)
            .Select(path => $"^/{Regex.Escape(path)}$")
            .Distinct(StringComparer.Ordinal);

#pragma warning disable ASPIREPROBES001 // The annotation is read where it is present; nothing here asks the user to opt in.
    private static IEnumerable<string> GetProbePaths(IResource resource) =>
        resource.Annotations.OfType<EndpointProbeAnnotation>().Select(annotation => annotation.Path);
#pragma warning restore ASPIREPROBES001

    /// <summary>
    /// WithHttpHealthCheck keeps the path nowhere but in the key, as <c>{resource}_{endpoint}_{path}_{status}_check</c>:
    /// https://github.com/microsoft/aspire/blob/v13.5.2/src/Aspire.Hosting/ResourceBuilderExtensions.cs. The key of another kind of check has no path.
    /// </summary>
    private static string? GetPath(IResource resource, string key) =>
        resource.Annotations.OfType<EndpointAnnotation>()
            .Select(endpoint => Regex.Match(key, $@"^{Regex.Escape($"{resource.Name}_{endpoint.Name}_")}(?<path>.*)_\d+_check$"))
            .FirstOrDefault(match => match.Success)?.Groups["path"].Value;
}
