using System.Diagnostics;
using System.Globalization;
using OpenTelemetry;

namespace Aspire.RouteTracing.Soak;

/// <summary>What became of each request: whether the client got its answer, whether the application handled it, which spans were exported.</summary>
internal sealed class Ledger(int requests) : BaseExporter<Activity>
{
    // Written once by one thread each, but for the spans, which are exported one after the other.
    private readonly bool[] _answered = new bool[requests];
    private readonly bool[] _handled = new bool[requests];
    private readonly byte[] _serverSpans = new byte[requests];
    private readonly byte[] _innerSpans = new byte[requests];
    private int _foreignSpans;

    public void Answered(SoakRequest request) => _answered[request.Id] = true;

    public void Handled(SoakRequest request) => _handled[request.Id] = true;

    public override ExportResult Export(in Batch<Activity> batch)
    {
        foreach (var span in batch)
        {
            var id = int.Parse(span.TraceId.ToHexString()[^8..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) - 1;
            if ((uint)id >= requests)
            {
                _foreignSpans++;
            }
            else if (span.Kind == ActivityKind.Server)
            {
                _serverSpans[id]++;
            }
            else
            {
                _innerSpans[id]++;
            }
        }

        return ExportResult.Success;
    }

    /// <summary>To be called when the application has stopped.</summary>
    public IReadOnlyList<string> FindFaults()
    {
        var faults = new Dictionary<string, (int Count, SoakRequest First)>();
        for (var id = 0; id < requests; id++)
        {
            var request = new SoakRequest(id);
            if (FindFault(request) is { } fault)
            {
                faults[fault] = faults.TryGetValue(fault, out var known) ? (known.Count + 1, known.First) : (1, request);
            }
        }

        return
        [
            .. faults.Select(fault => $"{fault.Key}: {fault.Value.Count} requests, first {fault.Value.First.Path} (number {fault.Value.First.Id})"),
            .. _foreignSpans > 0 ? [$"Spans of no request: {_foreignSpans}"] : Array.Empty<string>(),
        ];
    }

    private string? FindFault(SoakRequest request)
    {
        var (server, inner) = (_serverSpans[request.Id], _innerSpans[request.Id]);
        if (!request.IsAborted && !_answered[request.Id])
        {
            return "A request failed";
        }

        if (request.Excluded is SoakRequest.Exclusion.Always or SoakRequest.Exclusion.ByFile)
        {
            return server + inner > 0 ? $"Spans of a URL that is always excluded ({request.Excluded})" : null;
        }

        // The server has not seen each of the requests whose client went away at once.
        var expected = _handled[request.Id] ? 1 : server;
        return request.Excluded is SoakRequest.Exclusion.Never
            ? (server != expected || inner != (_handled[request.Id] ? 1 : 0) ? $"Spans of a URL that is never excluded: {server} of the server, {inner} within" : null)
            : (server > 1 || (_handled[request.Id] && inner != server) ? $"Half a trace of a URL that is excluded at times: {server} of the server, {inner} within" : null);
    }
}
