using Aspire.RouteTracing.ExcludedUrls;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Benchmarks;

/// <summary>Decides about requests for paths that were never requested before, and are not excluded.</summary>
[MemoryDiagnoser]
public class NewPathBenchmarks
{
    private const int Paths = 1 << 16;

    private readonly PathString[] _paths = [.. Enumerable.Range(0, Paths).Select(number => new PathString(ExclusionListsExtensions.IncludedPath(number)))];
    private readonly HttpRequest _request = Matcher.Request("/");
    private IRouteTracing _tracing = null!;
    private HandWrittenFilter _filter = null!;
    private ExclusionMatcher _matcher = ExclusionMatcher.Empty;
    private int _next;

    [Params(1, 100)]
    public int Patterns { get; set; }

    [ParamsAllValues]
    public ExclusionLists List { get; set; }

    [GlobalSetup]
    public void Start()
    {
        var items = List.Create(Patterns);
        _tracing = Matcher.Create(items);
        _filter = new HandWrittenFilter(items);
        _matcher = ExclusionMatcher.Build(items, matchFullUrl: false, out _);
    }

    [Benchmark]
    public bool Route_tracing() => _tracing.FindExclusion(NextRequest()) is null;

    [Benchmark(Baseline = true)]
    public bool Hand_written() => _filter.ShouldRecord(NextRequest());

    [Benchmark]
    public int Search() => _matcher.FindInPath([], NextPath().Value);

    private HttpRequest NextRequest()
    {
        _request.Path = NextPath();
        return _request;
    }

    private PathString NextPath() => _paths[_next++ % Paths];
}
