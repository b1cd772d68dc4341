using Aspire.RouteTracing.Benchmarks.Report;
using Aspire.RouteTracing.Benchmarks.Requests;
using Aspire.RouteTracing.Benchmarks.StartUp;
using BenchmarkDotNet.Running;

switch (args)
{
    case ["report"]:
        await PerformanceReport.WriteAsync();
        break;
    case [RequestComparison.Command, var scenario, var variant]:
        RequestComparison.Run(scenario, variant);
        break;
    case [StartUpComparison.Command, var variant]:
        StartUpComparison.Run(variant);
        break;
    case [RequestComparison.Command]:
        foreach (var target in PerformanceReport.MeasureRequests())
        {
            Console.WriteLine(target);
        }

        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        break;
}
