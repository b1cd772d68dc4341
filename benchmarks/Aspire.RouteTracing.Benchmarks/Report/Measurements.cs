using Aspire.RouteTracing.Benchmarks.Decisions;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Perfolizer.Horology;

namespace Aspire.RouteTracing.Benchmarks.Report;

/// <summary>What the benchmarks measured, each in a process of its own in each of some rounds.</summary>
/// <remarks>The fastest iteration of a round counts, because other work of the machine only adds to a time.</remarks>
internal sealed class Measurements
{
    public const int Rounds = 3;

    private static readonly Type[] Benchmarks =
    [
        typeof(DecisionBenchmarks), typeof(HostileUrlBenchmarks), typeof(WorstRequestBenchmarks), typeof(CompileBenchmarks),
    ];

    private readonly List<Summary[]> _rounds = [];

    private Measurements()
    {
    }

    /// <summary>Gets the machine and the runtime, as BenchmarkDotNet describes them.</summary>
    public IEnumerable<string> Environment => _rounds[0][0].HostEnvironmentInfo.ToFormattedString();

    public static Measurements Take()
    {
        // An iteration is about as long as the operating system lets a thread run. Warming up must outlast the tiers of compilation.
        var job = Job.Default
            .WithWarmupCount(150)
            .WithIterationCount(150)
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
            var summaries = BenchmarkRunner.Run(Benchmarks, config);
            if (summaries.SelectMany(summary => summary.Reports).FirstOrDefault(report => !report.Success) is { } failed)
            {
                throw new InvalidOperationException($"The benchmark {failed.BenchmarkCase.DisplayInfo} failed.");
            }

            measurements._rounds.Add(summaries);
        }

        return measurements;
    }

    /// <summary>Returns the times of a benchmark with these values of its parameters, one for each round.</summary>
    public double[] Nanoseconds<TBenchmarks>(string method, params object[] parameters) =>
        Select<TBenchmarks>(method, parameters, report => report.ResultStatistics!.Min);

    /// <summary>Returns the bytes that an operation allocates, one for each round.</summary>
    public double[] Bytes<TBenchmarks>(string method, params object[] parameters) =>
        Select<TBenchmarks>(method, parameters, report => report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0);

    private double[] Select<TBenchmarks>(string method, object[] parameters, Func<BenchmarkReport, double> value) =>
    [
        .. _rounds.Select(summaries => summaries
            .SelectMany(summary => summary.Reports)
            .Where(report => report.BenchmarkCase.Descriptor.Type == typeof(TBenchmarks)
                && report.BenchmarkCase.Descriptor.WorkloadMethod.Name == method
                && report.BenchmarkCase.Parameters.Items.All(parameter => parameters.Contains(parameter.Value)))
            .Select(value)
            .Single()),
    ];
}
