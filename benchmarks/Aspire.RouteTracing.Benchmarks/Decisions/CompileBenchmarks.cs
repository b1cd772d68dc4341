using Aspire.RouteTracing.ExcludedUrls;
using BenchmarkDotNet.Attributes;

namespace Aspire.RouteTracing.Benchmarks.Decisions;

/// <summary>Compiles a list of expressions and decides about one path, as a reload does.</summary>
[MemoryDiagnoser]
[WarmupCount(2)]
[IterationCount(10)]
public class CompileBenchmarks
{
    private string[] _items = [];

    [Params(1_000, 10_000)]
    public int Items { get; set; }

    [GlobalSetup]
    public void Start() => _items = ExclusionLists.Expressions.Create(Items);

    [Benchmark]
    public int RouteTracing() =>
        ExclusionMatcher.Build(_items, matchFullUrl: false, out _).FindInPath([], ExclusionListsExtensions.TracedPath(1));
}
