using Aspire.RouteTracing.Benchmarks.Report;
using BenchmarkDotNet.Running;

if (args is ["report"])
{
    await PerformanceReport.WriteAsync();
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
