namespace AppHost.WithoutAspire.Otlp;

internal sealed record ReceivedLog(string Service, string Severity, string Text, string TraceId, string SpanId);
