using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Benchmarks;

/// <summary>Decides about requests for paths that were never requested before, and are not excluded.</summary>
[MemoryDiagnoser]
public class NewPathBenchmarks
{
    // Many times what is remembered, so that a path is forgotten when its turn comes again.
    private const int Paths = 1 << 16;

    private readonly PathString[] _paths = [.. Enumerable.Range(0, Paths).Select(number => new PathString(ExclusionListsExtensions.IncludedPath(number)))];
    private readonly HttpRequest _request = Matcher.Request("/");
    private IRouteTracing _tracing = null!;
    private HandWrittenFilter _filter = null!;
    private int _next;

    [Params(1, 100)]
    public int Patterns { get; set; }

    [ParamsAllValues]
    public ExclusionLists List { get; set; }

    [GlobalSetup]
    public void Start()
    {
        _tracing = Matcher.Create(List.Create(Patterns));
        _filter = new HandWrittenFilter(List.Create(Patterns));
    }

    [Benchmark]
    public bool Route_tracing() => _tracing.FindExclusion(NextRequest()) is null;

    [Benchmark(Baseline = true)]
    public bool Hand_written() => _filter.ShouldRecord(NextRequest());

    private HttpRequest NextRequest()
    {
        _request.Path = _paths[_next++ % Paths];
        return _request;
    }
}
