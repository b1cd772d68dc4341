using BenchmarkDotNet.Attributes;

namespace Aspire.RouteTracing.Benchmarks;

/// <summary>Whole requests through the hosting pipeline, without sockets.</summary>
[MemoryDiagnoser]
public class RequestBenchmarks
{
    private static readonly string[] Patterns = [.. ExclusionLists.Mixed.Create(10), "^/health$"];

    private MeasuredApp _app = null!;

    [GlobalSetup(Target = nameof(Stock_traced))]
    public void StartStock() => _app = MeasuredApp.Stock();

    [GlobalSetup(Target = nameof(Stock_filtered))]
    public void StartStockFiltered() => _app = MeasuredApp.Stock(_ => false);

    [GlobalSetup(Targets = [nameof(Hand_written_filter_traced), nameof(Hand_written_filter_excluded)])]
    public void StartHandWritten() => _app = MeasuredApp.HandWritten(Patterns);

    [GlobalSetup(Targets = [nameof(Route_tracing_traced), nameof(Route_tracing_excluded)])]
    public void StartRouteTracing() => _app = MeasuredApp.RouteTracing(Patterns);

    [GlobalSetup(Target = nameof(Untraced))]
    public void StartUntraced() => _app = MeasuredApp.Untraced();

    [GlobalCleanup]
    public void Stop() => _app.Dispose();

    [Benchmark(Baseline = true)]
    public void Stock_traced() => _app.Server.Send("/orders/1");

    [Benchmark]
    public void Stock_filtered() => _app.Server.Send("/health");

    [Benchmark]
    public void Hand_written_filter_traced() => _app.Server.Send("/orders/1");

    [Benchmark]
    public void Hand_written_filter_excluded() => _app.Server.Send("/health");

    [Benchmark]
    public void Route_tracing_traced() => _app.Server.Send("/orders/1");

    [Benchmark]
    public void Route_tracing_excluded() => _app.Server.Send("/health");

    [Benchmark]
    public void Untraced() => _app.Server.Send("/orders/1");
}
