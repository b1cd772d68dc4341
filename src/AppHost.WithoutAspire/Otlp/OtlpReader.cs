using System.Diagnostics;
using System.Globalization;
using AppHost.WithoutAspire.Otlp.Messages;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace AppHost.WithoutAspire.Otlp;

/// <summary>Turns the messages of the protocol into what the playground asks about.</summary>
internal static class OtlpReader
{
    private const int NanosecondsPerTick = 100;

    public static IEnumerable<(ReceivedSpan Span, IMessage Message)> Spans(ExportTraceServiceRequest export) =>
        from resource in export.ResourceSpans
        let service = Service(resource.Resource)
        from scope in resource.ScopeSpans
        from span in scope.Spans
        select (new ReceivedSpan(
            Hex(span.TraceId),
            Hex(span.SpanId),
            span.ParentSpanId.IsEmpty ? null : Hex(span.ParentSpanId),
            service,
            span.Name,
            Kind(span.Kind),
            Time(span.StartTimeUnixNano),
            Time(span.EndTimeUnixNano) - Time(span.StartTimeUnixNano),
            span.Status?.Code == StatusCode.Error,
            Attributes(span.Attributes)), (IMessage)span);

    public static IEnumerable<(ReceivedLog Log, IMessage Message)> Logs(ExportLogsServiceRequest export) =>
        from resource in export.ResourceLogs
        let service = Service(resource.Resource)
        from scope in resource.ScopeLogs
        from log in scope.LogRecords
        select (new ReceivedLog(service, log.SeverityText, Text(log.Body), Hex(log.TraceId), Hex(log.SpanId)), (IMessage)log);

    /// <summary>Points, each with a text that is the same for every point of one series of one process.</summary>
    public static IEnumerable<(string Series, ReceivedPoint Point, IMessage Message)> Points(ExportMetricsServiceRequest export) =>
        from resource in export.ResourceMetrics
        let service = Service(resource.Resource)
        let instance = Attribute(resource.Resource, "service.instance.id")
        from scope in resource.ScopeMetrics
        from metric in scope.Metrics
        from value in Values(metric)
        let point = new ReceivedPoint(service, metric.Name, Attributes(value.Attributes), value.Value)
        let tags = point.Attributes.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}")
        select (string.Join('\n', [service, instance, metric.Name, .. tags]), point, value.Message);

    private static IEnumerable<(RepeatedField<KeyValue> Attributes, double Value, IMessage Message)> Values(Metric metric) => metric.DataCase switch
    {
        Metric.DataOneofCase.Sum => metric.Sum.DataPoints.Select(point => (
            point.Attributes,
            point.ValueCase == NumberDataPoint.ValueOneofCase.AsInt ? point.AsInt : point.AsDouble,
            (IMessage)point)),
        Metric.DataOneofCase.Histogram => metric.Histogram.DataPoints.Select(point => (point.Attributes, (double)point.Count, (IMessage)point)),
        _ => [],
    };

    private static string Service(Resource? resource) => Attribute(resource, "service.name") ?? "unknown_service";

    private static string? Attribute(Resource? resource, string key) =>
        resource?.Attributes.FirstOrDefault(attribute => attribute.Key == key) is { } attribute ? Text(attribute.Value) : null;

    private static Dictionary<string, string> Attributes(RepeatedField<KeyValue> attributes)
    {
        var result = new Dictionary<string, string>(attributes.Count);
        foreach (var attribute in attributes)
        {
            result[attribute.Key] = Text(attribute.Value);
        }

        return result;
    }

    private static string Text(AnyValue? value) => value?.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => value.StringValue,
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        AnyValue.ValueOneofCase.IntValue => value.IntValue.ToString(CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.DoubleValue => value.DoubleValue.ToString(CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.ArrayValue => $"[{string.Join(", ", value.ArrayValue.Values.Select(Text))}]",
        _ => "",
    };

    private static ActivityKind Kind(SpanKind kind) => kind switch
    {
        SpanKind.Server => ActivityKind.Server,
        SpanKind.Client => ActivityKind.Client,
        SpanKind.Producer => ActivityKind.Producer,
        SpanKind.Consumer => ActivityKind.Consumer,
        _ => ActivityKind.Internal,
    };

    private static string Hex(ByteString id) => Convert.ToHexStringLower(id.Span);

    /// <summary>2^64 ns are fewer ticks than a <see cref="DateTimeOffset"/> holds, so that no time sent is out of range.</summary>
    private static DateTimeOffset Time(ulong unixNanoseconds) => DateTimeOffset.UnixEpoch.AddTicks((long)(unixNanoseconds / NanosecondsPerTick));
}
