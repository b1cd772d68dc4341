using System.Collections.Concurrent;
using System.Diagnostics;

namespace Orders;

/// <summary>Stands in for a database: each query becomes a span, as with an instrumented SQL client.</summary>
public sealed class OrderBook : IDisposable
{
    private readonly ActivitySource _source = new("Orders");
    private readonly ConcurrentDictionary<int, OrderEntry> _entries = new()
    {
        [42] = new(42, "ada", "tea-pot", 1),
    };
    private int _lastId = 42;

    public OrderEntry? Find(int id)
    {
        using var span = _source.StartActivity("SELECT orders", ActivityKind.Client);
        return _entries.GetValueOrDefault(id);
    }

    public int Count(string customer)
    {
        using var span = _source.StartActivity("SELECT orders", ActivityKind.Client);
        return _entries.Values.Count(entry => entry.Customer == customer);
    }

    public OrderEntry Add(Cart cart)
    {
        using var span = _source.StartActivity("INSERT orders", ActivityKind.Client);
        var entry = new OrderEntry(Interlocked.Increment(ref _lastId), cart.Customer, cart.Sku, cart.Quantity);
        _entries[entry.Id] = entry;
        return entry;
    }

    public void Ping()
    {
        using var span = _source.StartActivity("SELECT 1", ActivityKind.Client);
    }

    public void Dispose() => _source.Dispose();
}
