using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Aspire.RouteTracing.Soak;

/// <summary>Compares what the services of one sampler export with what they must: spans for each request, metrics at the end.</summary>
internal sealed class Ledger(Sampler sampler, Faults faults)
{
    private const int MaxMissed = 5;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<long, SoakRequest> _open = [];
    private readonly ConcurrentDictionary<RequestCase, Expectation> _expectations = new(ReferenceEqualityComparer.Instance);
    private long _numbers;
    private int _missed;

    /// <summary>Gets the points of <c>http.server.request.duration</c> and the values of the counter, by their tags.</summary>
    public MetricPoints Metrics { get; } = new();

    public long Requests => Interlocked.Read(ref _numbers);

    public BaseProcessor<Activity> CreateProcessor(string host) => new SimpleActivityExportProcessor(new SpanExporter(this, host));

    public SoakRequest Open(RequestCase soakCase)
    {
        var expectation = _expectations.GetOrAdd(soakCase, known => new Expectation(ExpectedSpans.Of(known, sampler)));
        expectation.CountRequest();
        var request = new SoakRequest(soakCase, Interlocked.Increment(ref _numbers), expectation.Spans.Length);
        _open[request.Number] = request;
        return request;
    }

    /// <summary>Waits for what the request still does, in both services, and compares.</summary>
    public async Task CloseAsync(SoakRequest request)
    {
        request.End();
        await request.Afterwards;
        var expected = _expectations[request.Case].Spans;
        if (expected.Length > 0 && !request.Complete.IsCompleted && Volatile.Read(ref _missed) < MaxMissed)
        {
            await Task.WhenAny(request.Complete, Task.Delay(Deadline));
            if (!request.Complete.IsCompleted)
            {
                Interlocked.Increment(ref _missed);
            }
        }

        _open.TryRemove(request.Number, out _);
        var actual = ExpectedSpans.In(request);
        if (!actual.SequenceEqual(expected))
        {
            faults.Add(
                $"{sampler.Name}: expected {ExpectedSpans.Subtract(expected, actual)}, came {ExpectedSpans.Subtract(actual, expected)}",
                $"{request.Case.Name}, request {request.Number}, {actual.Length} spans instead of {expected.Length}");
        }
    }

    /// <summary>Compares the metrics. To be called when both services have ended every request.</summary>
    public void CompareMetrics()
    {
        var expected = new Dictionary<string, long>();
        foreach (var (request, expectation) in _expectations)
        {
            foreach (var point in MetricPoints.Of(request))
            {
                expected[point] = expected.GetValueOrDefault(point) + expectation.Requests;
            }
        }

        foreach (var point in expected.Keys.Union(Metrics.Counts.Keys))
        {
            var (must, came) = (expected.GetValueOrDefault(point), Metrics.Counts.GetValueOrDefault(point));
            if (must != came)
            {
                faults.Add($"{sampler.Name}: {point}: expected {must} requests, came {came}", $"after {Requests} requests");
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
                $"{sampler.Name}: expected no span, came {span.DisplayName} [{span.Kind}], whose request is over or unknown",
                string.Create(CultureInfo.InvariantCulture, $"request {number}"));
        }
    }

    /// <summary>What must come out of the requests of one case, and how many there were.</summary>
    private sealed class Expectation(string[] spans)
    {
        private long _requests;

        public string[] Spans => spans;

        public long Requests => Interlocked.Read(ref _requests);

        public void CountRequest() => Interlocked.Increment(ref _requests);
    }

    // A tracer provider hears the server spans of every application of the process.
    private sealed class SpanExporter(Ledger ledger, string host) : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var span in batch)
            {
                if (span.Kind != ActivityKind.Server || span.GetTagItem("server.address") as string == host)
                {
                    ledger.Add(span);
                }
            }

            return ExportResult.Success;
        }
    }
}

/// <summary>The values of the two metrics that route tracing affects.</summary>
internal sealed class MetricPoints : BaseExporter<Metric>
{
    public const string Duration = "http.server.request.duration";
    public const string ExcludedRequests = "aspire.route_tracing.excluded_requests";

    private static readonly string[] DurationTags = ["http.request.method", "http.route", "http.response.status_code", "error.type"];
    private static readonly string[] ExcludedRequestsTags = ["aspire.route_tracing.pattern", "http.response.status_code"];

    public Dictionary<string, long> Counts { get; } = [];

    /// <summary>Returns the points that a request of a case must be in.</summary>
    public static IEnumerable<string> Of(RequestCase request)
    {
        yield return request.Pattern is { } pattern
            ? Write(ExcludedRequests, pattern, request.StatusCode)
            : Write(Duration, request.Method, request.Route, request.StatusCode, request.ErrorType);
        if (request.Work.HasFlag(Work.Call))
        {
            yield return Write(Duration, "GET", "/stock/{id:int}", 200, null);
        }
    }

    private static string Write(string instrument, params IEnumerable<object?> tags) =>
        $"{instrument} of {string.Join(' ', tags.Select(tag => tag ?? "-"))}";

    public override ExportResult Export(in Batch<Metric> batch)
    {
        foreach (var metric in batch)
        {
            if (metric.Name is Duration or ExcludedRequests)
            {
                Read(metric);
            }
        }

        return ExportResult.Success;
    }

    private void Read(Metric metric)
    {
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var tags = new Dictionary<string, object?>();
            foreach (var tag in point.Tags)
            {
                tags[tag.Key] = tag.Value;
            }

            var names = metric.Name == Duration ? DurationTags : ExcludedRequestsTags;
            Counts[Write(metric.Name, names.Select(name => tags.GetValueOrDefault(name)))] =
                metric.Name == Duration ? point.GetHistogramCount() : point.GetSumLong();
        }
    }
}
