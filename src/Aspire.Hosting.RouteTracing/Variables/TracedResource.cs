using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>What is known of a resource when its environment is put together.</summary>
internal sealed record TracedResource
{
    public required string Name { get; init; }

    public required ResourceLanguage Language { get; init; }

    /// <summary>Patterns for every resource with telemetry; empty for a resource that ignores them.</summary>
    public IReadOnlyList<string> AppWideExcludedUrls { get; init; } = [];

    /// <summary>Patterns for this resource.</summary>
    public IReadOnlyList<string> ExcludedUrls { get; init; } = [];

    /// <summary>The paths of health checks that are to be excluded, too.</summary>
    public IReadOnlyList<string> HealthCheckPaths { get; init; } = [];

    /// <summary>Names of headers that become attributes of the spans; these three are .NET's and Python's alike.</summary>
    public IReadOnlyList<string> CapturedRequestHeaders { get; init; } = [];

    public IReadOnlyList<string> CapturedResponseHeaders { get; init; } = [];

    /// <summary>Names of headers whose values don't.</summary>
    public IReadOnlyList<string> SanitizedHeaders { get; init; } = [];

    /// <summary>
    /// The secret that all services share, which lets one believe another that a request is excluded: a string, or what stands for it until it is
    /// deployed. <see langword="null"/> where nothing is excluded anywhere.
    /// </summary>
    public object? ExclusionKey { get; init; }

    /// <summary>The variables that the resource has already. A value that isn't a string is known only where it is deployed.</summary>
    public IReadOnlyDictionary<string, object> PresentVariables { get; init; } = new Dictionary<string, object>();

    public VariableCarriers Carriers { get; init; }

    public bool HasExclusions => ListedUrls.Any();

    /// <summary>All that is to be excluded, each pattern once.</summary>
    public IEnumerable<ListedUrl> ListedUrls =>
        AppWideExcludedUrls.Select(pattern => new ListedUrl(pattern, "the app-wide list"))
            .Concat(ExcludedUrls.Select(pattern => new ListedUrl(pattern, $"the list of '{Name}'")))
            .Concat(HealthCheckPaths.Select(HealthCheckPath.ToPattern).OfType<string>().Select(pattern => new ListedUrl(pattern, $"the health checks of '{Name}'")))
            .DistinctBy(url => url.Pattern, StringComparer.Ordinal);

    /// <summary>Whether the list excludes the root, which no health check does by itself.</summary>
    public bool ExcludesRoot =>
        ExclusionMatcher.Build([.. ListedUrls.Select(url => url.Pattern)], matchFullUrl: false, out _).Find(new RequestUrl { Path = "/" }) >= 0;

    /// <summary>What a variable lists already whose items have no comma of their own; nothing where that is known only where it is deployed.</summary>
    public IReadOnlyList<string> GetPresentItems(string variable) =>
        (PresentVariables.GetValueOrDefault(variable) as string)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}
