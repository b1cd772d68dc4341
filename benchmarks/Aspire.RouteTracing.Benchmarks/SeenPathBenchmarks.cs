using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Benchmarks;

/// <summary>Decides about requests for paths that were requested before, which most are: sixteen of them in turn.</summary>
[MemoryDiagnoser]
public class SeenPathBenchmarks
{
    private const int Paths = 16;

    private IRouteTracing _tracing = null!;
    private HttpRequest[] _excluded = [];
    private HttpRequest[] _included = [];

    [Params(1, 10, 100, 1000)]
    public int Patterns { get; set; }

    [GlobalSetup]
    public void Start()
    {
        _tracing = Matcher.Create(ExclusionLists.Mixed.Create(Patterns));
        _excluded = [.. Enumerable.Range(0, Paths).Select(number => Matcher.Request(ExclusionListsExtensions.ExcludedPath(number)))];
        _included = [.. Enumerable.Range(0, Paths).Select(number => Matcher.Request(ExclusionListsExtensions.IncludedPath(number)))];
    }

    [Benchmark(OperationsPerInvoke = Paths)]
    public int Excluded() => CountExcluded(_excluded);

    [Benchmark(OperationsPerInvoke = Paths)]
    public int Included() => CountExcluded(_included);

    private int CountExcluded(HttpRequest[] requests)
    {
        var excluded = 0;
        foreach (var request in requests)
        {
            excluded += _tracing.FindExclusion(request) is null ? 0 : 1;
        }

        return excluded;
    }
}
