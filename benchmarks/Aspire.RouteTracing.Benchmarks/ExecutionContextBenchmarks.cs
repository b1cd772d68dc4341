using BenchmarkDotNet.Attributes;

namespace Aspire.RouteTracing.Benchmarks;

/// <summary>What .NET takes for a mark that follows the work of a request wherever it goes, beside the one value that is there already, the current activity.</summary>
[MemoryDiagnoser]
public class ExecutionContextBenchmarks
{
    private readonly AsyncLocal<object?> _activity = new();
    private readonly AsyncLocal<object?> _mark = new();

    [GlobalSetup]
    public void Start() => _activity.Value = this;

    [Benchmark]
    public void Mark_and_restore()
    {
        var before = ExecutionContext.Capture()!;
        _mark.Value = this;
        ExecutionContext.Restore(before);
    }
}
