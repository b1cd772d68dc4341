using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>What the application model says about every resource that sends telemetry. One for each application.</summary>
/// <param name="key">
/// By which the services of this application recognise each other's excluded requests: a text made for this run, or a parameter of what is published.
/// </param>
internal sealed class ApplicationExclusions(object key)
{
    public PatternList List { get; } = new();

    public bool ExcludesHealthChecks { get; set; }

    public object Key { get; } = key;

    /// <summary>The exclusions of <paramref name="resource"/>, and the health checks that are not among them though they were asked for.</summary>
    public (IReadOnlyList<string> Patterns, IReadOnlyList<string> SkippedChecks) Of(IResource resource)
    {
        resource.TryGetLastAnnotation<ResourceExclusionsAnnotation>(out var own);
        var appWide = own is not { IgnoresAppWide: true } && resource.HasAnnotationOfType<OtlpExporterAnnotation>();
        var patterns = new List<string>();
        var skipped = new List<string>();

        if (appWide)
        {
            patterns.AddRange(List.Patterns);
        }

        if (own is not null)
        {
            patterns.AddRange(own.List.Patterns);
        }

        if ((appWide && ExcludesHealthChecks) || own is { ExcludesHealthChecks: true })
        {
            foreach (var path in HealthCheckPaths(resource))
            {
                if (HealthCheckPath.ToPattern(path) is { } pattern)
                {
                    patterns.Add(pattern);
                }
                else
                {
                    skipped.Add(path);
                }
            }
        }

        return (patterns.Distinct(StringComparer.Ordinal).ToArray(), skipped.Distinct(StringComparer.Ordinal).ToArray());
    }

    private static IEnumerable<string> HealthCheckPaths(IResource resource)
    {
        var endpointNames = resource.Annotations.OfType<EndpointAnnotation>().Select(endpoint => endpoint.Name).ToArray();
        var checks = resource.Annotations.OfType<HealthCheckAnnotation>()
            .Select(check => HealthCheckPath.FromKey(check.Key, resource.Name, endpointNames))
            .OfType<string>();
#pragma warning disable ASPIREPROBES001 // The path of a probe is to be had nowhere else.
        var probes = resource.Annotations.OfType<EndpointProbeAnnotation>().Select(probe => probe.Path);
#pragma warning restore ASPIREPROBES001
        return checks.Concat(probes);
    }
}
