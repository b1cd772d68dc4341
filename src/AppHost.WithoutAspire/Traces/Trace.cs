using AppHost.WithoutAspire.Otlp;

namespace AppHost.WithoutAspire.Traces;

/// <summary>The spans of one trace as a tree. A span whose parent was not received stands at the top, as the roots do.</summary>
internal sealed class Trace
{
    private readonly ILookup<string?, ReceivedSpan> _children;

    private Trace(string id, IReadOnlyCollection<ReceivedSpan> spans)
    {
        var known = spans.Select(span => span.SpanId).ToHashSet();
        Id = id;
        SpanCount = spans.Count;
        Start = spans.Min(span => span.Start);
        _children = spans
            .OrderBy(span => span.Start)
            .ToLookup(span => span.ParentSpanId is { } parent && known.Contains(parent) ? parent : null);
    }

    public string Id { get; }

    public int SpanCount { get; }

    public DateTimeOffset Start { get; }

    public IEnumerable<ReceivedSpan> Roots => _children[null];

    public IEnumerable<ReceivedSpan> ChildrenOf(ReceivedSpan span) => _children[span.SpanId];

    public static IReadOnlyList<Trace> From(IEnumerable<ReceivedSpan> spans) =>
        [.. spans.GroupBy(span => span.TraceId, (id, group) => new Trace(id, [.. group])).OrderBy(trace => trace.Start)];
}
