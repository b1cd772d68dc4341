namespace Aspire.RouteTracing.Soak;

/// <summary>A sampler under which a pair of services runs.</summary>
/// <param name="Name">The value of <c>OTEL_TRACES_SAMPLER</c>.</param>
/// <param name="AsksParent">Whether it drops the spans of an unsampled parent.</param>
/// <param name="KeepsFailedRequests">Whether the services of this pair keep the server spans of excluded requests that fail.</param>
internal sealed record Sampler(string Name, bool AsksParent, bool KeepsFailedRequests)
{
    // The others have the library remember traces for the rest of the process, so the parent-based one is the first.
    public static IReadOnlyList<Sampler> All { get; } =
    [
        new("parentbased_always_on", AsksParent: true, KeepsFailedRequests: false),
        new("always_on", AsksParent: false, KeepsFailedRequests: false),
        new("traceidratio", AsksParent: false, KeepsFailedRequests: true),
    ];
}
