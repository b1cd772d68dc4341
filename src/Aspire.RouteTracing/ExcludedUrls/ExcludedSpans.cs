using System.Diagnostics;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The last spans of excluded requests. A Redis profiler or a message handler starts its span outside of the request's execution context,
/// with a span of the request as its parent.
/// </summary>
/// <remarks>
/// Spans, not traces, because callers choose the ids of traces. A table of fixed size, so that nothing is allocated or locked. The newest
/// <see cref="Ways"/> spans of each row are kept. Because rows fill unevenly, about the last 16,000 spans of all are kept. A race between
/// two threads can lose one.
/// </remarks>
internal static class ExcludedSpans
{
    private const int Rows = 4096;
    private const int Ways = 8;
    private const int SpanIdBytes = 8;

    private static readonly ulong[] Spans = new ulong[Rows * Ways];
    private static readonly byte[] Next = new byte[Rows];

    public static void Add(ActivitySpanId span)
    {
        var id = Read(span);
        var row = (int)(id % Rows);
        Volatile.Write(ref Spans[(row * Ways) + (Next[row]++ % Ways)], id);
    }

    public static bool Contains(ActivitySpanId span)
    {
        var id = Read(span);
        return id != 0 && Spans.AsSpan((int)(id % Rows) * Ways, Ways).Contains(id);
    }

    private static ulong Read(ActivitySpanId span)
    {
        Span<byte> bytes = stackalloc byte[SpanIdBytes];
        span.CopyTo(bytes);
        return BitConverter.ToUInt64(bytes);
    }
}
