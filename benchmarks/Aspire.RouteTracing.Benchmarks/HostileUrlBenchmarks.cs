using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Benchmarks;

/// <summary>A path that makes a backtracking search try each of the ways in which its letters can be grouped: two to the power of their number.</summary>
[MemoryDiagnoser]
public class HostileUrlBenchmarks
{
    private readonly IRouteTracing _tracing = Matcher.Create("(a+)+$");
    private readonly HttpRequest _request = Matcher.Request($"/{new string('a', 7998)}!");

    [Benchmark]
    public UrlExclusion? Route_tracing() => _tracing.FindExclusion(_request);
}
