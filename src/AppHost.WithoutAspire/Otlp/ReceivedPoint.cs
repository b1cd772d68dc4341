namespace AppHost.WithoutAspire.Otlp;

/// <summary>The latest point of a metric's series: a sum's value, or how many measurements a histogram holds.</summary>
internal sealed record ReceivedPoint(string Service, string Metric, IReadOnlyDictionary<string, string> Attributes, double Value);
