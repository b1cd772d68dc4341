using System.Diagnostics;
using System.Globalization;
using Aspire.RouteTracing.Benchmarks.Decisions;
using Aspire.RouteTracing.Benchmarks.Report;
using Aspire.RouteTracing.Benchmarks.Requests;

namespace Aspire.RouteTracing.Benchmarks.StartUp;

/// <summary>What route tracing adds to the time until a new process has answered its first request, and to what it allocates.</summary>
internal static class StartUpComparison
{
    /// <summary>The argument with which this program is one of the measured processes.</summary>
    public const string Command = "start-up";

    private const string Stock = "stock";
    private const int Launches = 5;

    // The names of the measured lists, with the number of their items.
    private static readonly Dictionary<string, int> Lists = new() { ["none"] = 0, ["ten"] = 10, ["ten-thousand"] = 10_000 };

    /// <summary>Measures in turns. A round is the fastest of some launches.</summary>
    public static IReadOnlyDictionary<int, (MeasuredRange Milliseconds, MeasuredRange Megabytes)> Measure(int rounds)
    {
        var added = Lists.Keys.ToDictionary(list => list, _ => new List<(double Milliseconds, double Bytes)>());
        for (var round = 0; round < rounds; round++)
        {
            var variants = Lists.Keys.Prepend(Stock).ToDictionary(variant => variant, _ => new List<(double Milliseconds, double Bytes)>());
            for (var launch = 0; launch < Launches; launch++)
            {
                foreach (var (variant, results) in variants)
                {
                    results.Add(Launch(variant));
                }
            }

            var best = variants.ToDictionary(
                variant => variant.Key,
                variant => (variant.Value.Min(result => result.Milliseconds), variant.Value.Min(result => result.Bytes)));
            foreach (var (list, results) in added)
            {
                results.Add((best[list].Item1 - best[Stock].Item1, best[list].Item2 - best[Stock].Item2));
            }
        }

        return added.ToDictionary(
            list => Lists[list.Key],
            list => (
                MeasuredRange.Of(list.Value.Select(result => result.Milliseconds)),
                MeasuredRange.Of(list.Value.Select(result => result.Bytes / 1_000_000))));
    }

    /// <summary>Runs in a process of its own: starts the service, sends one request, and writes the time and the bytes.</summary>
    public static void Run(string variant)
    {
        var items = Lists.TryGetValue(variant, out var count) && count > 0 ? ExclusionLists.Expressions.Create(count) : [];
        using var app = MeasuredApp.Start(Scenario.All[0], withRouteTracing: variant != Stock, items);
        app.Send();
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{(DateTime.Now - process.StartTime).TotalMilliseconds} {GC.GetTotalAllocatedBytes(precise: true)}"));
    }

    private static (double Milliseconds, double Bytes) Launch(string variant)
    {
        using var process = new MeasuredProcess(Command, variant);
        return process.ReadMeasurement();
    }
}
