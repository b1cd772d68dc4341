using Aspire.RouteTracing.ExcludedUrls;
using BenchmarkDotNet.Attributes;

namespace Aspire.RouteTracing.Benchmarks.Decisions;

/// <summary>Decides about sixteen paths in turn.</summary>
[MemoryDiagnoser]
public class DecisionBenchmarks
{
    private const int Paths = 16;

    private readonly string[] _excluded = [.. Enumerable.Range(0, Paths).Select(ExclusionListsExtensions.ExcludedPath)];
    private readonly string[] _traced = [.. Enumerable.Range(0, Paths).Select(ExclusionListsExtensions.TracedPath)];
    private ExclusionMatcher _matcher = ExclusionMatcher.Empty;

    [Params(10, 1_000)]
    public int Items { get; set; }

    [GlobalSetup]
    public void Start() => _matcher = ExclusionMatcher.Build(ExclusionLists.Mixed.Create(Items), matchFullUrl: false, out _);

    [Benchmark(OperationsPerInvoke = Paths)]
    public int Excluded() => Find(_excluded);

    [Benchmark(OperationsPerInvoke = Paths)]
    public int Traced() => Find(_traced);

    private int Find(string[] paths)
    {
        var sum = 0;
        foreach (var path in paths)
        {
            sum += _matcher.FindInPath([], path);
        }

        return sum;
    }
}
