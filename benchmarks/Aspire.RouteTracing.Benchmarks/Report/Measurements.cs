using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Perfolizer.Horology;

namespace Aspire.RouteTracing.Benchmarks.Report;

/// <summary>What the benchmarks measured, each in a process of its own.</summary>
/// <remarks>
/// The fastest of all iterations counts: whatever else the machine does only adds to a time. The benchmarks run in a few rounds, so that an
/// iteration of each falls into a moment that is quiet.
/// </remarks>
internal sealed class Measurements
{
    public const int Rounds = 5;
    public const int Iterations = 100;

    private static readonly Type[] Benchmarks =
    [
        typeof(SeenPathBenchmarks),
        typeof(NewPathBenchmarks),
        typeof(HostileUrlBenchmarks),
        typeof(ExecutionContextBenchmarks),
        typeof(RequestBenchmarks),
    ];

    private readonly List<Summary> _summaries = [];

    private Measurements()
    {
    }

    /// <summary>The machine and the runtime, as BenchmarkDotNet describes them.</summary>
    public IEnumerable<string> Environment => _summaries[0].HostEnvironmentInfo.ToFormattedString();

    public static Measurements Take()
    {
        // An iteration is about as long as the operating system's time slice. Warm-up must outlast the runtime's tiered compilation.
        var job = Job.Default
            .WithWarmupCount(150)
            .WithIterationCount(Iterations)
            .WithIterationTime(TimeInterval.FromMilliseconds(5))
            .WithGcForce(false);
        var config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(NullLogger.Instance)
            .WithOptions(ConfigOptions.DisableLogFile);

        var measurements = new Measurements();
        for (var round = 1; round <= Rounds; round++)
        {
            Console.WriteLine($"Benchmarks, round {round} of {Rounds}");
            measurements._summaries.AddRange(BenchmarkRunner.Run(Benchmarks, config));
        }

        return measurements;
    }

    /// <summary>One benchmark, with the values of its parameters.</summary>
    public Measurement Of<TBenchmarks>(string method, params object[] parameters)
    {
        var reports = _summaries
            .SelectMany(summary => summary.Reports)
            .Where(report => report.BenchmarkCase.Descriptor.Type == typeof(TBenchmarks)
                && report.BenchmarkCase.Descriptor.WorkloadMethod.Name == method
                && report.BenchmarkCase.Parameters.Items.All(parameter => parameters.Contains(parameter.Value)))
            .ToList();
        return reports.Count == Rounds && reports.All(report => report.ResultStatistics is not null)
            ? new Measurement(
                reports.Min(report => report.ResultStatistics!.Min),
                reports.Min(report => report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0))
            : throw new InvalidOperationException(
                $"{typeof(TBenchmarks).Name}.{method} did not run. To see why, run it alone: -- --filter '*{method}*'");
    }
}

/// <param name="Nanoseconds">For one operation.</param>
/// <param name="Bytes">Allocated by one operation.</param>
internal readonly record struct Measurement(double Nanoseconds, long Bytes);
