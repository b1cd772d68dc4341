using BenchmarkDotNet.Attributes;

namespace Aspire.RouteTracing.Benchmarks.Requests;

/// <summary>Whole requests through the hosting pipeline, without sockets.</summary>
[MemoryDiagnoser]
public class RequestBenchmarks
{
    private MeasuredApp _app = null!;

    public static IEnumerable<string> Scenarios => Requests.Scenario.All.Select(scenario => scenario.Name);

    [ParamsSource(nameof(Scenarios))]
    public string Scenario { get; set; } = "";

    [GlobalSetup(Target = nameof(Stock))]
    public void StartStock() => Start(withRouteTracing: false);

    [GlobalSetup(Target = nameof(RouteTracing))]
    public void StartRouteTracing() => Start(withRouteTracing: true);

    [GlobalCleanup]
    public void Stop() => _app.Dispose();

    [Benchmark(Baseline = true)]
    public void Stock() => _app.Send();

    [Benchmark]
    public void RouteTracing() => _app.Send();

    private void Start(bool withRouteTracing)
    {
        _app = MeasuredApp.Start(Requests.Scenario.All.First(scenario => scenario.Name == Scenario), withRouteTracing);
        _app.WarmUp();
    }
}
