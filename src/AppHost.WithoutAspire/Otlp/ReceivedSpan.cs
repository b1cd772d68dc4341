using System.Diagnostics;

namespace AppHost.WithoutAspire.Otlp;

internal sealed record ReceivedSpan(
    string TraceId,
    string SpanId,
    string? ParentSpanId,
    string Service,
    string Name,
    ActivityKind Kind,
    DateTimeOffset Start,
    TimeSpan Duration,
    bool Failed,
    IReadOnlyDictionary<string, string> Attributes);
