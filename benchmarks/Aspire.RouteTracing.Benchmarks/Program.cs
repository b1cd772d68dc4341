using Aspire.RouteTracing.Benchmarks.Report;
using Aspire.RouteTracing.Benchmarks.StartUp;
using BenchmarkDotNet.Running;

switch (args)
{
    case ["report"]:
        await PerformanceReport.WriteAsync();
        break;
    case [StartUpComparison.Command, var variant]:
        StartUpComparison.Run(variant);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        break;
}
