using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>The HTTP health checks and probes of a resource.</summary>
internal static partial class HealthChecks
{
    /// <summary>
    /// Returns a pattern for each path, with and without a slash at its end. There is none for the root, which is usually a page.
    /// </summary>
    public static IEnumerable<string> GetPatterns(IResource resource)
    {
#pragma warning disable ASPIREPROBES001 // Read where it is present; nothing here asks the user to opt in.
        var probes = resource.Annotations.OfType<EndpointProbeAnnotation>().Select(probe => ToPattern(probe.Path));
#pragma warning restore ASPIREPROBES001
        var checks = resource.Annotations.OfType<HealthCheckAnnotation>().Select(check => GetPattern(resource, check.Key));
        return probes.Concat(checks).OfType<string>();
    }

    /// <summary>Returns the pattern of a health check, or <see langword="null"/> for the root or another kind of check.</summary>
    public static string? GetPattern(IResource resource, string key)
    {
        var endpointNames = resource.Annotations.OfType<EndpointAnnotation>().Select(endpoint => endpoint.Name);
        return GetPath(key, resource.Name, endpointNames) is { } path ? ToPattern(path) : null;
    }

    /// <summary>
    /// Returns the path of a check that WithHttpHealthCheck registered, or <see langword="null"/> for another kind of check. Only the
    /// check's key has the path:
    /// <c>{resource}_{endpoint}_{path}_{status}_check</c>, see
    /// https://github.com/microsoft/aspire/blob/v13.6.5/src/Aspire.Hosting/ResourceBuilderExtensions.cs
    /// </summary>
    public static string? GetPath(string key, string resourceName, IEnumerable<string> endpointNames) =>
        endpointNames.Select(endpointName => $"{resourceName}_{endpointName}_")
            .Where(prefix => key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(prefix => Ending().Match(key, prefix.Length) is { Success: true } ending ? key[prefix.Length..ending.Index] : null)
            .FirstOrDefault(path => path is not null);

    public static string? ToPattern(string path)
    {
        // The service searches the path as it receives it.
        var segments = RequestUrl.TryParse($"/{path}", out var url) ? url.Path.Trim('/').ToString() : "";
        return segments.Length == 0 ? null : $"^/{Regex.Escape(segments)}/?$";
    }

    [GeneratedRegex("_[0-9]+_check$", RegexOptions.CultureInvariant)]
    private static partial Regex Ending();
}
