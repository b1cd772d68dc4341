using System.Diagnostics;
using AppHost.WithoutAspire.Otlp;

namespace AppHost.Tests.Traces;

/// <summary>Spans that start one after another, in the order in which they are made.</summary>
internal sealed class SpanBuilder
{
    private int _count;

    public ReceivedSpan Add(string service, string name, ReceivedSpan? parent = null, string? error = null)
    {
        var id = $"{++_count:x16}";
        return new(
            TraceId: parent?.TraceId ?? $"{_count:x32}",
            SpanId: id,
            ParentSpanId: parent?.SpanId,
            service,
            name,
            ActivityKind.Server,
            Start: DateTimeOffset.UnixEpoch.AddSeconds(_count),
            Duration: TimeSpan.FromMilliseconds(12.34),
            Failed: error is not null,
            Attributes: error is null ? new Dictionary<string, string>() : new() { ["error.type"] = error });
    }
}
