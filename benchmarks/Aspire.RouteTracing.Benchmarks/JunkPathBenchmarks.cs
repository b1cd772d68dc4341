using Aspire.RouteTracing.ExcludedUrls;
using BenchmarkDotNet.Attributes;

namespace Aspire.RouteTracing.Benchmarks;

/// <summary>Searches a list for paths that were never requested before, with what is remembered about paths and without.</summary>
public class JunkPathBenchmarks
{
    // Many times what is remembered, so that a path is forgotten when its turn comes again.
    private const int Paths = 1 << 16;

    private readonly string[] _paths = [.. Enumerable.Range(0, Paths).Select(ExclusionListsExtensions.IncludedPath)];
    private ExclusionMatcher _remembering = ExclusionMatcher.Empty;
    private ExclusionMatcher _forFullUrl = ExclusionMatcher.Empty;
    private int _next;

    [Params(1, 100)]
    public int Patterns { get; set; }

    [ParamsAllValues]
    public ExclusionLists List { get; set; }

    [GlobalSetup]
    public void Start()
    {
        var items = List.Create(Patterns);
        _remembering = ExclusionMatcher.Build(items, matchFullUrl: false, out _);
        _forFullUrl = ExclusionMatcher.Build(items, matchFullUrl: true, out _);
    }

    [Benchmark]
    public int Remembering() => _remembering.FindInPath([], NextPath());

    // The same search. Whole URLs, which this takes the path for, are not remembered.
    [Benchmark(Baseline = true)]
    public int Searching() => _forFullUrl.FindInFullUrl(NextPath());

    private string NextPath() => _paths[_next++ % Paths];
}
