using System.Collections.Concurrent;
using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Aspire.RouteTracing.Soak;

/// <summary>Compares what the services of one sampler export with what they must: spans for each request, metrics at the end.</summary>
internal sealed class Ledger(Sampler sampler, Faults faults)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<long, SoakRequest> _open = [];
    private readonly ConcurrentDictionary<RequestCase, Expectation> _expectations = [];
    private long _requests;
    private volatile bool _isIncomplete;

    public MetricPoints Metrics { get; } = new();

    public long Requests => Interlocked.Read(ref _requests);

    public BaseProcessor<Activity> CreateProcessor(string host) => new SimpleActivityExportProcessor(new SpanExporter(this, host));

    public SoakRequest Open(RequestCase requestCase)
    {
        var expectation = _expectations.GetOrAdd(requestCase, known => new Expectation(ExpectedSpans.Of(known, sampler)));
        Interlocked.Increment(ref expectation.Requests);
        var number = Interlocked.Increment(ref _requests);
        return _open[number] = new SoakRequest(requestCase, number, expectation.Spans.Length);
    }

    /// <summary>Waits for what a request that has ended still does in both services, and compares.</summary>
    public async Task CloseAsync(SoakRequest request)
    {
        request.End();
        await request.Afterwards;
        if (!request.Complete.IsCompleted && !_isIncomplete)
        {
            // One span that never comes is a fault. To wait for more would take hours.
            await Task.WhenAny(request.Complete, Task.Delay(Deadline));
            _isIncomplete |= !request.Complete.IsCompleted;
        }

        _open.TryRemove(request.Id, out _);
        var (expected, actual) = (_expectations[request.Case].Spans, ExpectedSpans.In(request));
        if (!actual.SequenceEqual(expected))
        {
            faults.Add(
                $"{sampler.Name}: expected {ExpectedSpans.Subtract(expected, actual)}, got {ExpectedSpans.Subtract(actual, expected)}",
                $"request {request.Number}, {request.Case.Method} {request.Path}, caller {request.Case.Caller}, {request.Case.Work}, "
                + $"{actual.Length} spans instead of {expected.Length}");
        }
    }

    /// <summary>Compares the metrics. To be called when both services have ended every request.</summary>
    public void CompareMetrics()
    {
        var expected = _expectations
            .SelectMany(expectation => MetricPoints.Of(expectation.Key).Select(point => (Point: point, expectation.Value.Requests)))
            .GroupBy(pair => pair.Point)
            .ToDictionary(pairs => pairs.Key, pairs => pairs.Sum(pair => pair.Requests));
        foreach (var point in expected.Keys.Union(Metrics.Counts.Keys))
        {
            var (expectedCount, actualCount) = (expected.GetValueOrDefault(point), Metrics.Counts.GetValueOrDefault(point));
            if (expectedCount != actualCount)
            {
                faults.Add($"{sampler.Name}: {point}: expected {expectedCount} requests, got {actualCount}", $"after {Requests} requests");
            }
        }
    }

    private void Add(Activity span)
    {
        var number = SoakRequest.NumberOf(span);
        if (_open.TryGetValue(number, out var request))
        {
            request.Add(span);
        }
        else
        {
            faults.Add(
                $"{sampler.Name}: expected no span, got {span.DisplayName} [{span.Kind}] of a request that is over or unknown",
                $"request {number}");
        }
    }

    /// <summary>The spans that each request of a case must have, and the number of requests.</summary>
    private sealed class Expectation(string[] spans)
    {
        public long Requests;

        public string[] Spans => spans;
    }

    // A tracer provider gets the server spans of every application of the process.
    private sealed class SpanExporter(Ledger ledger, string host) : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var span in batch)
            {
                if (span.Kind != ActivityKind.Server || Equals(span.GetTagItem("server.address"), host))
                {
                    ledger.Add(span);
                }
            }

            return ExportResult.Success;
        }
    }
}

/// <summary>The values of the two metrics that the library affects, by their tags.</summary>
internal sealed class MetricPoints : BaseExporter<Metric>
{
    private const string Duration = "http.server.request.duration";
    private const string ExcludedRequests = "aspire.route_tracing.excluded_requests";

    private static readonly string[] DurationTags = ["http.request.method", "http.route", "http.response.status_code", "error.type"];
    private static readonly string[] ExcludedRequestsTags = ["aspire.route_tracing.pattern", "http.response.status_code"];

    public Dictionary<string, long> Counts { get; } = [];

    /// <summary>Returns the points that a request of a case must be in.</summary>
    public static IEnumerable<string> Of(RequestCase request) =>
    [
        request.Pattern is { } pattern
            ? Write(ExcludedRequests, pattern, request.StatusCode)
            : Write(Duration, request.Method, request.Route, request.StatusCode, request.ErrorType?.FullName),
        .. request.Work.HasFlag(Work.Call) ? [Write(Duration, "GET", ServicePair.CalledRoute, 200, null)] : Array.Empty<string>(),
    ];

    public override ExportResult Export(in Batch<Metric> batch)
    {
        foreach (var metric in batch)
        {
            if (metric.Name is Duration or ExcludedRequests)
            {
                Read(metric, metric.Name == Duration);
            }
        }

        return ExportResult.Success;
    }

    private void Read(Metric metric, bool isDuration)
    {
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var tags = new Dictionary<string, object?>();
            foreach (var tag in point.Tags)
            {
                tags[tag.Key] = tag.Value;
            }

            var values = (isDuration ? DurationTags : ExcludedRequestsTags).Select(name => tags.GetValueOrDefault(name));
            Counts[Write(metric.Name, [.. values])] = isDuration ? point.GetHistogramCount() : point.GetSumLong();
        }
    }

    private static string Write(string instrument, params object?[] tags) =>
        $"{instrument} of {string.Join(' ', tags.Select(tag => tag ?? "-"))}";
}
