using Aspire.RouteTracing.ExcludedUrls;
using BenchmarkDotNet.Attributes;

namespace Aspire.RouteTracing.Benchmarks.Decisions;

/// <summary>Decides about a path whose letters a backtracking search would group in two to the power of their number ways.</summary>
[MemoryDiagnoser]
public class HostileUrlBenchmarks
{
    private readonly ExclusionMatcher _matcher = ExclusionMatcher.Build(["(a+)+$"], matchFullUrl: false, out _);
    private readonly string _path = $"/{new string('a', 7_998)}!";

    [Benchmark]
    public int RouteTracing() => _matcher.FindInPath([], _path);
}
