using AppHost.WithoutAspire.Otlp;

namespace AppHost.WithoutAspire.Traces;

/// <summary>Hands out each trace once, when two looks in a row find the same number of spans in it: services send theirs at different times.</summary>
internal sealed class SettledTraces(Telemetry telemetry)
{
    private Dictionary<string, int> _seen = [];
    private readonly HashSet<string> _taken = [];

    public IReadOnlyList<Trace> Take()
    {
        var traces = Trace.From(telemetry.Spans);
        var settled = traces.Where(trace => !_taken.Contains(trace.Id) && _seen.GetValueOrDefault(trace.Id) == trace.SpanCount).ToList();
        _seen = traces.ToDictionary(trace => trace.Id, trace => trace.SpanCount);
        _taken.IntersectWith(_seen.Keys);
        _taken.UnionWith(settled.Select(trace => trace.Id));
        return settled;
    }
}
