using System.Collections.Concurrent;

namespace Aspire.RouteTracing.Soak;

/// <summary>The faults that were found, each kind once, with the number of times and the first place.</summary>
internal sealed class Faults
{
    private const int Many = 10_000;

    private readonly ConcurrentDictionary<string, (int Count, string First)> _kinds = [];

    /// <summary>Gets whether so many were found that the run ends.</summary>
    public bool AreMany => _kinds.Sum(kind => kind.Value.Count) > Many;

    public bool IsEmpty => _kinds.IsEmpty;

    public void Add(string kind, string place) =>
        _kinds.AddOrUpdate(kind, (1, place), (_, known) => (known.Count + 1, known.First));

    public IReadOnlyList<string> ToLines() =>
        [.. _kinds.OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => $"{kind.Key} ({kind.Value.First}; {kind.Value.Count} times)")];
}
