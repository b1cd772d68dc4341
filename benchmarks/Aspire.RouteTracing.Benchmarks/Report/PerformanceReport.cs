using System.Globalization;
using System.Reflection;
using System.Text;
using Aspire.RouteTracing.Benchmarks.Decisions;
using Aspire.RouteTracing.Benchmarks.Requests;
using Aspire.RouteTracing.Benchmarks.StartUp;
using Aspire.RouteTracing.Benchmarks.Throughput;
using OpenTelemetry;
using OpenTelemetry.Instrumentation.AspNetCore;
using Tests;

namespace Aspire.RouteTracing.Benchmarks.Report;

/// <summary>Measures everything and writes docs/performance.md.</summary>
internal static class PerformanceReport
{
    private const int MaxLineLength = 140;

    private const string SearchReason =
        "One search for all texts of the items is the floor, and its time grows with the number of texts that start alike. An excluded URL "
        + "takes a look-up in addition, or instead if the list is long. Caching every decision would be faster for ordinary requests, and "
        + "lets clients fill the cache.";

    private const string TextsReason = "Both search the URL for the texts of each item, which is the floor.";

    private const string ClassesReason =
        "Each item is tried at every slash of the URL, step by step. The loop does the same with native code for each expression.";

    private const string AlternativesReason =
        "An item with alternatives is searched once for each of them, up to 16 times. As an automaton, it would take half a megabyte.";

    private const string StartUpReason =
        "A new process compiles 340 to 580 more methods, because packages contain no native code. An application that "
        + "is published with ReadyToRun or native AOT doesn't.";

    public static async Task WriteAsync()
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Console.WriteLine("Throughput of the orders service");
        var throughput = await ThroughputComparison.MeasureAsync();
        Console.WriteLine("Start-up");
        var startUp = StartUpComparison.Measure(Measurements.Rounds);
        var requests = MeasureRequests().ToArray();
        var measurements = Measurements.Take();
        var document = Document(
            measurements,
            requests: Table([.. requests, .. GetThroughput(throughput)]),
            decisions: Table([.. GetDecisions(measurements)]),
            lists: Table([.. GetLists(measurements), .. GetStartUp(startUp)]));
        await File.WriteAllTextAsync(Path.Combine(Repository.Root, "docs", "performance.md"), document);
        Console.WriteLine(document);
    }

    /// <summary>Measures the requests, a scenario at a time.</summary>
    public static IEnumerable<Target> MeasureRequests()
    {
        foreach (var scenario in Scenario.All)
        {
            Console.WriteLine($"Requests: {scenario.Name}");
            var (ratio, bytes) = RequestComparison.Measure(scenario, Measurements.Rounds);
            yield return Target.Ratio(scenario.Name, ratio, scenario.Budget) with { Reason = scenario.Reason };

            var allocated = Target.Bytes($"{scenario.Name}: allocated in addition", bytes, scenario.BudgetBytes);
            yield return allocated with { Reason = scenario.Reason };
        }
    }

    private static IEnumerable<Target> GetThroughput((MeasuredRange Traced, MeasuredRange Excluded) result)
    {
        yield return Target.Ratio("Kestrel, processor time of a traced request", result.Traced, 1.02);
        yield return Target.Ratio("Kestrel, processor time of an excluded request", result.Excluded, 0.95);
    }

    private static IEnumerable<Target> GetDecisions(Measurements measurements)
    {
        foreach (var (items, method, budget) in new[]
        {
            (10, nameof(DecisionBenchmarks.Traced), 20), (10, nameof(DecisionBenchmarks.Excluded), 30),
            (1_000, nameof(DecisionBenchmarks.Traced), 100), (1_000, nameof(DecisionBenchmarks.Excluded), 30),
        })
        {
            var what = $"{items:N0} items, {(method == nameof(DecisionBenchmarks.Traced) ? "not excluded" : "excluded before")}";
            var times = MeasuredRange.Of(measurements.Nanoseconds<DecisionBenchmarks>(method, items));
            yield return Target.Nanoseconds(what, times, budget) with { Reason = SearchReason };
            yield return Target.Bytes($"{what}: allocated", MeasuredRange.Of(measurements.Bytes<DecisionBenchmarks>(method, items)), 0);
        }

        yield return Target.Nanoseconds(
            "8,000 characters against `(a+)+$`",
            MeasuredRange.Of(measurements.Nanoseconds<HostileUrlBenchmarks>(nameof(HostileUrlBenchmarks.RouteTracing))),
            100_000);
        int[] counts = [100, 500];
        int[] lengths = [250, 8_000];
        var crafted =
            from items in counts
            from list in Enum.GetValues<WorstRequestBenchmarks.Lists>()
            from length in lengths
            select (items, list, length);
        foreach (var (items, list, length) in crafted)
        {
            var ours = measurements.Nanoseconds<WorstRequestBenchmarks>(nameof(WorstRequestBenchmarks.RouteTracing), items, list, length);
            var loop = measurements.Nanoseconds<WorstRequestBenchmarks>(nameof(WorstRequestBenchmarks.NaiveLoop), items, list, length);
            yield return Target.Ratio(
                $"crafted URL of {length:N0} characters, {items} {list.ToString().ToLowerInvariant()}", Divide(ours, loop), 1.0) with
            {
                Reason = list switch
                {
                    WorstRequestBenchmarks.Lists.Texts => TextsReason,
                    WorstRequestBenchmarks.Lists.Classes => ClassesReason,
                    WorstRequestBenchmarks.Lists.Alternatives => AlternativesReason,
                    _ => "",
                },
            };
        }
    }

    private static IEnumerable<Target> GetLists(Measurements measurements)
    {
        foreach (var (items, milliseconds, megabytes) in new[] { (1_000, 50, 10), (10_000, 500, 50) })
        {
            var what = $"compile {items:N0} expressions";
            var times = measurements.Nanoseconds<CompileBenchmarks>(nameof(CompileBenchmarks.RouteTracing), items);
            var bytes = measurements.Bytes<CompileBenchmarks>(nameof(CompileBenchmarks.RouteTracing), items);
            yield return Target.Milliseconds(what, MeasuredRange.Of(times.Select(time => time / 1e6)), milliseconds);
            yield return Target.Megabytes($"{what}: allocated", MeasuredRange.Of(bytes.Select(count => count / 1e6)), megabytes);
        }
    }

    private static IEnumerable<Target> GetStartUp(
        IReadOnlyDictionary<int, (MeasuredRange Milliseconds, MeasuredRange Megabytes)> startUp)
    {
        foreach (var (items, milliseconds, megabytes) in new[] { (0, 10, double.NaN), (10, 20, 1), (10_000, 500, 50) })
        {
            var what = items == 0 ? "added to the start, no list" : $"added to the start, {items:N0} expressions";
            yield return Target.Milliseconds(what, startUp[items].Milliseconds, milliseconds) with { Reason = StartUpReason };
            yield return Target.Megabytes($"{what}: allocated", startUp[items].Megabytes, megabytes);
        }
    }

    private static MeasuredRange Divide(double[] ours, double[] rivals) => MeasuredRange.Of(ours.Zip(rivals, (our, rival) => our / rival));

    private static string Table(Target[] targets)
    {
        string[] reasons =
        [
            .. targets.Where(target => target.IsMissed && target.Reason.Length > 0)
                .GroupBy(target => target.Reason, target => $"*{target.What}*")
                .Select(missed => Wrap($"- {string.Join(", ", missed)}: {missed.Key}")),
        ];
        string[] rows = ["| measured | budget | result | verdict |", "|---|---|---|---|", .. targets.Select(target => target.ToString())];
        return string.Join('\n', [.. rows, .. reasons.Length > 0 ? ["", "Why budgets are missed:", "", .. reasons] : reasons]);
    }

    private static string Wrap(string text)
    {
        const string Indentation = "  ";
        var wrapped = new StringBuilder();
        var length = 0;
        foreach (var word in text.Split(' '))
        {
            if (length + 1 + word.Length > MaxLineLength)
            {
                wrapped.Append('\n').Append(Indentation);
                length = Indentation.Length;
            }
            else if (length > 0)
            {
                wrapped.Append(' ');
                length++;
            }

            wrapped.Append(word);
            length += word.Length;
        }

        return wrapped.ToString();
    }

    private static string Version(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static string Document(Measurements measurements, string requests, string decisions, string lists) =>
        $"""
        # Performance

        `dotnet run -c Release --project benchmarks/Aspire.RouteTracing.Benchmarks -- report` measures what follows and writes this page.
        This run was on:

        ```text
        {string.Join('\n', measurements.Environment).Trim()}
        OpenTelemetry {Version(typeof(Sdk))}
        OpenTelemetry.Instrumentation.AspNetCore {Version(typeof(AspNetCoreTraceInstrumentationOptions))}
        ```

        A budget is a goal of this project, not a limit above which something fails. In short: a traced request takes a few hundred
        nanoseconds more than without this library and, without a path base or an excluded endpoint, allocates nothing more. One that
        the list excludes takes less than a traced one. The start takes some tens of milliseconds more.

        Each result is the lowest and the highest of {Measurements.Rounds} rounds, each in new processes. The verdict is *met* or
        *missed* when the whole range is on one side of the budget, and *open* otherwise. Compare ratios, because times depend on the
        hardware. A wide range means that other work disturbed the measurement.

        ## Requests

        Times are ratios to OpenTelemetry's own instrumentation in an application that does the same without route tracing. A round is
        the median ratio of three pairs of processes. The two applications of a pair answer requests in alternation. A request goes
        through the hosting pipeline and routing of a minimal API, without sockets. The list has 11 items. The applications have traces
        and metrics, as with Aspire's service defaults, and export neither. *Empty parts* are callbacks, a middleware, a processor and
        a sampler that do nothing, in place of route tracing. The Kestrel rows are the playground's orders service as a process, called
        over loopback.

        {requests}

        ## Decisions

        A decision is one search of the exclusion list. Only URLs that are excluded are remembered. A crafted URL contains the required
        texts of as many items as possible, but matches no item. It is compared with a loop over compiled regular expressions, as an
        application would write it. Such a list has one kind of items: *texts* such as `/orders/.*/end7`, *expressions* such as
        `/orders/[0-9]+/.*/status$`, *automata* such as `^/orders/([a-z]+/)+status-7$`, *literals* such as `/orders$`, *classes* such as
        `/[a-f]+-[0-9]+/item7`, or *alternatives* such as `/(a|b|c|d|e|f)/item7`.

        {decisions}

        ## Lists and start

        A list is compiled at the start and when it changes. *Added to the start* is the time until a new process has answered its first
        request, minus that of the same process without route tracing.

        {lists}

        """;
}
