using AppHost.WithoutAspire.Otlp.Messages;
using Google.Protobuf;

namespace AppHost.WithoutAspire.Otlp;

/// <summary>
/// What the services sent, oldest first. Of spans and logs it holds the latest <see cref="Capacity"/>; of metrics the latest point of
/// each series, the first series to come up to the same size.
/// </summary>
internal sealed class Telemetry
{
    /// <summary>In bytes as sent, of an item and of the names that it shares with others, and <see cref="ItemOverhead"/> for each item, for each signal.</summary>
    public const long Capacity = 32 * 1024 * 1024;

    /// <summary>What an item takes in memory however short it is.</summary>
    private const int ItemOverhead = 512;

    private readonly Lock _lock = new();
    private readonly BoundedQueue<ReceivedSpan> _spans = new(Capacity);
    private readonly BoundedQueue<ReceivedLog> _logs = new(Capacity);
    private readonly Dictionary<string, ReceivedPoint> _points = [];
    private long _pointsSize;

    public IReadOnlyList<ReceivedSpan> Spans => Copy(_spans);

    public IReadOnlyList<ReceivedLog> Logs => Copy(_logs);

    public IReadOnlyList<ReceivedPoint> Points => Copy(_points.Values);

    public void Add(ExportTraceServiceRequest export)
    {
        lock (_lock)
        {
            foreach (var (span, message) in OtlpReader.Spans(export))
            {
                _spans.Add(span, Size(message) + span.Service.Length);
            }
        }
    }

    public void Add(ExportLogsServiceRequest export)
    {
        lock (_lock)
        {
            foreach (var (log, message) in OtlpReader.Logs(export))
            {
                _logs.Add(log, Size(message) + log.Service.Length);
            }
        }
    }

    public void Add(ExportMetricsServiceRequest export)
    {
        lock (_lock)
        {
            foreach (var (series, point, message) in OtlpReader.Points(export))
            {
                if (!_points.ContainsKey(series))
                {
                    var size = Size(message) + series.Length;
                    if (_pointsSize + size > Capacity)
                    {
                        continue;
                    }

                    _pointsSize += size;
                }

                _points[series] = point;
            }
        }
    }

    private static int Size(IMessage message) => message.CalculateSize() + ItemOverhead;

    private IReadOnlyList<T> Copy<T>(IEnumerable<T> items)
    {
        lock (_lock)
        {
            return [.. items];
        }
    }
}
