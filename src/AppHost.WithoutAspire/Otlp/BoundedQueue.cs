using System.Collections;

namespace AppHost.WithoutAspire.Otlp;

/// <summary>First in, first out, and the oldest items give way where the sizes of all add up to more than <paramref name="capacity"/>.</summary>
internal sealed class BoundedQueue<T>(long capacity) : IEnumerable<T>
{
    private readonly Queue<(T Item, long Size)> _items = new();
    private long _size;

    public void Add(T item, long size)
    {
        _items.Enqueue((item, size));
        _size += size;
        while (_size > capacity)
        {
            _size -= _items.Dequeue().Size;
        }
    }

    public IEnumerator<T> GetEnumerator() => _items.Select(entry => entry.Item).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
