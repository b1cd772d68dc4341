using System.Collections.Concurrent;

namespace Aspire.RouteTracing.Soak;

/// <summary>The faults that were found: each kind once, with the first place and the number of times.</summary>
internal sealed class Faults
{
    private const int MaxShown = 50;
    private const int Many = 10_000;

    private readonly ConcurrentDictionary<string, (string First, int Count)> _kinds = [];
    private int _count;

    public bool IsEmpty => _kinds.IsEmpty;

    /// <summary>Gets whether so many were found that the run ends.</summary>
    public bool AreMany => Volatile.Read(ref _count) > Many;

    public void Add(string kind, string place)
    {
        Interlocked.Increment(ref _count);
        _kinds.AddOrUpdate(kind, (place, 1), (_, known) => (known.First, known.Count + 1));
    }

    public void WriteTo(TextWriter output)
    {
        foreach (var (kind, (first, count)) in _kinds.OrderBy(fault => fault.Key, StringComparer.Ordinal).Take(MaxShown))
        {
            output.WriteLine($"FAULT: {kind} ({first}; {count} times)");
        }

        output.WriteLine(IsEmpty ? "No fault." : $"{_kinds.Count} kinds of fault.");
    }
}
