using System.Diagnostics;
using System.Globalization;
using Aspire.RouteTracing.Benchmarks.Report;

namespace Aspire.RouteTracing.Benchmarks.Requests;

/// <summary>
/// The time and the allocations of a request with route tracing, to those of a request with OpenTelemetry's own instrumentation. A request
/// goes through the hosting pipeline, without sockets.
/// </summary>
/// <remarks>
/// Each application has a process of its own, because a tracer provider gets the spans of every application of its process. Both are
/// measured in turns, a few milliseconds each, so that both get the same share of other work of the machine.
/// </remarks>
internal static class RequestComparison
{
    /// <summary>The argument with which this program is one of the measured processes.</summary>
    public const string Command = "requests";

    private const string Stock = "stock";
    private const int Pairs = 3;
    private const int Turns = 100;
    private const int CalibrationRequests = 1_000;

    private static readonly TimeSpan TurnDuration = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Measures a scenario. Each round is the median of some pairs of processes, because processes of the same program differ by up to 5 %.
    /// </summary>
    public static (MeasuredRange Ratio, MeasuredRange Bytes) Measure(Scenario scenario, int rounds)
    {
        var results = Enumerable.Range(0, rounds).Select(_ => MeasureRound(scenario)).ToArray();
        return (MeasuredRange.Of(results.Select(result => result.Ratio)), MeasuredRange.Of(results.Select(result => result.Bytes)));
    }

    /// <summary>Runs in a process of its own: sends as many requests as each line says, and writes their time and allocations.</summary>
    public static void Run(string scenario, string variant)
    {
        using var app = MeasuredApp.Start(Scenario.All.First(other => other.Name == scenario), withRouteTracing: variant != Stock);
        app.WarmUp();
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } line)
        {
            var requests = int.Parse(line, CultureInfo.InvariantCulture);
            var bytes = GC.GetAllocatedBytesForCurrentThread();
            var started = Stopwatch.GetTimestamp();
            for (var request = 0; request < requests; request++)
            {
                app.Send();
            }

            var time = Stopwatch.GetElapsedTime(started).TotalNanoseconds / requests;
            bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time} {bytes / requests}"));
        }
    }

    private static (double Ratio, double Bytes) MeasureRound(Scenario scenario)
    {
        var pairs = Enumerable.Range(0, Pairs).Select(_ => MeasurePair(scenario)).ToArray();
        return (Median(pairs.Select(pair => pair.Ratio)), Median(pairs.Select(pair => pair.Bytes)));
    }

    private static (double Ratio, double Bytes) MeasurePair(Scenario scenario)
    {
        using var stock = new MeasuredProcess(Command, scenario.Name, Stock);
        using var withRouteTracing = new MeasuredProcess(Command, scenario.Name, "route-tracing");
        stock.Read();
        withRouteTracing.Read();
        var requests = Math.Max(1, (int)(TurnDuration.TotalNanoseconds / Send(stock, CalibrationRequests).Nanoseconds));
        var turns = Enumerable.Range(0, Turns)
            .Select(_ => (Stock: Send(stock, requests), RouteTracing: Send(withRouteTracing, requests)))
            .ToArray();
        return (
            Median(turns.Select(turn => turn.RouteTracing.Nanoseconds / turn.Stock.Nanoseconds)),
            Median(turns.Select(turn => turn.RouteTracing.Bytes - turn.Stock.Bytes)));
    }

    private static (double Nanoseconds, double Bytes) Send(MeasuredProcess process, int requests)
    {
        process.Write(requests.ToString(CultureInfo.InvariantCulture));
        return process.ReadMeasurement();
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] ordered = [.. values.Order()];
        return ordered[ordered.Length / 2];
    }
}
