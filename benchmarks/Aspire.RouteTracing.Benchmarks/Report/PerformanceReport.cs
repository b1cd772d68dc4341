using System.Globalization;
using System.Reflection;
using System.Text;
using Aspire.RouteTracing.Benchmarks.Reload;
using Aspire.RouteTracing.Benchmarks.Throughput;
using OpenTelemetry;
using OpenTelemetry.Instrumentation.AspNetCore;
using Tests;

namespace Aspire.RouteTracing.Benchmarks.Report;

/// <summary>Measures everything and writes docs/performance.md.</summary>
internal static class PerformanceReport
{
    public static async Task WriteAsync()
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Console.WriteLine("Throughput of the orders service");
        var throughput = await ThroughputComparison.MeasureAsync();
        Console.WriteLine("Reload under load");
        var reload = ReloadUnderLoad.Measure();
        var measurements = Measurements.Take();

        var targets = new StringBuilder("| measured | target | result | verdict |\n|---|---|---|---|\n");
        foreach (var target in Targets(measurements).Concat(Targets(reload)))
        {
            targets.Append(target).Append('\n');
        }

        var document = Document(targets.ToString(), measurements, reload, throughput);
        await File.WriteAllTextAsync(Path.Combine(Repository.Root, "docs", "performance.md"), document);
        Console.WriteLine();
        Console.WriteLine(targets);
    }

    private static IEnumerable<Target> Targets(Measurements measurements)
    {
        int[] counts = [1, 10, 100, 1000];
        var excluded = counts.Select(count => measurements.Of<SeenPathBenchmarks>(nameof(SeenPathBenchmarks.Excluded), count)).ToList();
        var included = counts.Select(count => measurements.Of<SeenPathBenchmarks>(nameof(SeenPathBenchmarks.Included), count)).ToList();
        yield return Target.Ratio(
            "a path seen before, 1 to 1,000 patterns: slowest to fastest",
            Math.Max(Spread(excluded), Spread(included)),
            atMost: 1.3);
        yield return Target.Time("a path seen before: slowest", excluded.Concat(included).Max(seen => seen.Nanoseconds), below: 30);
        yield return Target.Bytes("a path seen before: allocated", excluded.Concat(included).Max(seen => seen.Bytes), atMost: 0);

        foreach (var list in Enum.GetValues<ExclusionLists>())
        {
            var one = measurements.Of<NewPathBenchmarks>(nameof(NewPathBenchmarks.Route_tracing), 1, list);
            var hundred = measurements.Of<NewPathBenchmarks>(nameof(NewPathBenchmarks.Route_tracing), 100, list);
            var filter = measurements.Of<NewPathBenchmarks>(nameof(NewPathBenchmarks.Hand_written), 100, list);
            var name = list.ToString().ToLowerInvariant();
            yield return Target.Ratio($"a new path, {name}: 100 patterns to 1", hundred.Nanoseconds / one.Nanoseconds, atMost: 2);
            yield return Target.TimesFaster(
                $"a new path, {name}: 100 patterns to the hand-written filter", filter.Nanoseconds / hundred.Nanoseconds, atLeast: 15);
            yield return Target.Bytes($"a new path, {name}: allocated", hundred.Bytes, atMost: 0);
        }

        var hostile = measurements.Of<HostileUrlBenchmarks>(nameof(HostileUrlBenchmarks.Route_tracing));
        yield return Target.Time("8,000 characters that make `(a+)+$` explode", hostile.Nanoseconds, below: 100_000);

        var stock = measurements.Of<RequestBenchmarks>(nameof(RequestBenchmarks.Stock_traced));
        var stockFiltered = measurements.Of<RequestBenchmarks>(nameof(RequestBenchmarks.Stock_filtered));
        var requestExcluded = measurements.Of<RequestBenchmarks>(nameof(RequestBenchmarks.Route_tracing_excluded));
        var requestTraced = measurements.Of<RequestBenchmarks>(nameof(RequestBenchmarks.Route_tracing_traced));
        yield return Target.Ratio(
            "an excluded request to stock's traced one", requestExcluded.Nanoseconds / stock.Nanoseconds, atMost: 0.75);
        yield return Target.Bytes(
            "an excluded request: allocated over stock's `Filter` that returns false",
            requestExcluded.Bytes - stockFiltered.Bytes,
            atMost: 96);
        yield return Target.Ratio("a traced request to stock's", requestTraced.Nanoseconds / stock.Nanoseconds, atMost: 1.05);
        yield return Target.Bytes("a traced request: allocated over stock's", requestTraced.Bytes - stock.Bytes, atMost: 0);
    }

    private static IEnumerable<Target> Targets(ReloadResult reload)
    {
        yield return new Target(
            "reloads of 1,000 patterns: requests that saw half a list",
            "0",
            $"{reload.Disturbed.Wrong} of {reload.Disturbed.Requests:N0}",
            reload.Disturbed.Wrong == 0);
        yield return new Target(
            "reloads of 1,000 patterns: times that a thread waited for a lock",
            "0",
            $"{reload.LockContentions}",
            reload.LockContentions == 0);
        yield return Target.Ratio(
            "reloads of 1,000 patterns: the slowest request in a thousand to a reload",
            reload.Disturbed.Percentile999 / reload.ReloadTime,
            atMost: 0.1);
    }

    private static double Spread(List<Measurement> measured) =>
        measured.Max(measurement => measurement.Nanoseconds) / measured.Min(measurement => measurement.Nanoseconds);

    private static string Requests(Measurements measurements)
    {
        (string Name, string Method)[] requests =
        [
            ("traced by the stock instrumentation", nameof(RequestBenchmarks.Stock_traced)),
            ("traced by route tracing", nameof(RequestBenchmarks.Route_tracing_traced)),
            ("traced, with a hand-written filter", nameof(RequestBenchmarks.Hand_written_filter_traced)),
            ("excluded by route tracing", nameof(RequestBenchmarks.Route_tracing_excluded)),
            ("excluded by a `Filter` that returns false", nameof(RequestBenchmarks.Stock_filtered)),
            ("excluded by a hand-written filter", nameof(RequestBenchmarks.Hand_written_filter_excluded)),
            ("without OpenTelemetry and logging", nameof(RequestBenchmarks.Untraced)),
        ];
        var stock = measurements.Of<RequestBenchmarks>(nameof(RequestBenchmarks.Stock_traced));
        var table = new StringBuilder("| request | time | to stock | allocated |\n|---|---|---|---|\n");
        foreach (var (name, method) in requests)
        {
            var (nanoseconds, bytes) = measurements.Of<RequestBenchmarks>(method);
            table.Append(
                CultureInfo.InvariantCulture, $"| {name} | {nanoseconds:N0} ns | {nanoseconds / stock.Nanoseconds:0.00} | {bytes} B |\n");
        }

        return table.ToString();
    }

    private static string Decisions(Measurements measurements)
    {
        var table = new StringBuilder(
            "| a new path | 1 pattern | 100 patterns | hand-written filter, 1 | hand-written filter, 100 |\n|---|---|---|---|---|\n");
        foreach (var list in Enum.GetValues<ExclusionLists>())
        {
            var nanoseconds = new[] { nameof(NewPathBenchmarks.Route_tracing), nameof(NewPathBenchmarks.Hand_written) }
                .SelectMany(method => new[] { 1, 100 }
                    .Select(count => measurements.Of<NewPathBenchmarks>(method, count, list).Nanoseconds));
            var times = string.Join(" | ", nanoseconds.Select(time => $"{time:N0} ns"));
            table.Append(CultureInfo.InvariantCulture, $"| {list.ToString().ToLowerInvariant()} | {times} |\n");
        }

        return table.ToString();
    }

    private static string Latencies(ReloadResult reload)
    {
        var table = new StringBuilder("| | requests | median | 99.9th percentile |\n|---|---|---|---|\n");
        foreach (var (name, load) in new[] { ("without reloads", reload.Undisturbed), ("with reloads", reload.Disturbed) })
        {
            var (median, slow) = (load.Median.TotalMicroseconds, load.Percentile999.TotalMicroseconds);
            table.Append(CultureInfo.InvariantCulture, $"| {name} | {load.Requests:N0} | {median:0.0} µs | {slow:0.0} µs |\n");
        }

        return table.ToString();
    }

    private static string Throughputs(IReadOnlyList<ThroughputResult> results)
    {
        var table = new StringBuilder(
            "| orders service | requests a second | to no tracing | processor time of a request |\n|---|---|---|---|\n");
        foreach (var (variant, requestsPerSecond, processorTime) in results)
        {
            var (ratio, time) = (requestsPerSecond / results[0].RequestsPerSecond, processorTime.TotalMicroseconds);
            table.Append(CultureInfo.InvariantCulture, $"| {variant} | {requestsPerSecond:N0} | {ratio:0.00} | {time:0.0} µs |\n");
        }

        return table.ToString();
    }

    private static string InstrumentationVersion => Version(typeof(AspNetCoreTraceInstrumentationOptions));

    private static string Version(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static string Document(
        string targets, Measurements measurements, ReloadResult reload, IReadOnlyList<ThroughputResult> throughput)
    {
        var mark = measurements.Of<ExecutionContextBenchmarks>(nameof(ExecutionContextBenchmarks.Mark_and_restore));
        var overFilter = measurements.Of<RequestBenchmarks>(nameof(RequestBenchmarks.Route_tracing_excluded)).Nanoseconds
            - measurements.Of<RequestBenchmarks>(nameof(RequestBenchmarks.Stock_filtered)).Nanoseconds;
        return $"""
            # Performance

            Written by `dotnet run -c Release --project benchmarks/Aspire.RouteTracing.Benchmarks -- report`, on:

            ```text
            {string.Join('\n', measurements.Environment).Trim()}
            OpenTelemetry {Version(typeof(Sdk))}, OpenTelemetry.Instrumentation.AspNetCore {InstrumentationVersion}
            ```

            {targets}
            *Stock* is OpenTelemetry's ASP.NET Core instrumentation without route tracing. Each time is the fastest of
            {Measurements.Rounds * Measurements.Iterations} iterations in {Measurements.Rounds} processes, because
            everything else that a machine does only makes it slower. Compare ratios, not times of different machines.

            The verdict uses the ratio before rounding. Ratios close to their target change from run to run. On a busy
            machine, an excluded request took 0.72 to 0.79 of stock's time, a traced request took 1.00 to 1.08 of it,
            and the ratio for a path seen before was 1.02 to 1.54.

            - **A decision** is a call of `IRouteTracing.FindExclusion(HttpRequest)`. The hand-written filter is what
              applications use in the instrumentation's `Filter`: `GetDisplayUrl()` and a loop over compiled regular
              expressions.
            - **Literals** are items such as `^/orders/health$`, `^/cart/swagger` and `/stock/metrics`. **Expressions**
              are items such as `client/.*/info`, `^/users/(health|alive|ready)z?$` and `^/auth/v[0-9]+/ping$`.
              **Mixed** lists have two literals to one expression. No item excludes the new paths.
            - **A new path** that contains the required text of an expression, or a last segment that several items
              share, takes 100 to 300 ns more, because each of these items is searched.
            - **Memory:** only excluded URLs are remembered. Differences of less than 24 bytes, the size of the smallest
              object, count as 0, because bytes are averages.

            ## New paths

            {Decisions(measurements)}
            ## Requests

            Requests go through the hosting pipeline and the routing of one minimal API, without sockets, with a mixed
            list of 11 patterns. Spans go through OpenTelemetry's batch processor to an exporter that does nothing.

            {Requests(measurements)}
            An excluded request takes {overFilter:0} ns more than one that a `Filter` rejects. Of these,
            {mark.Nanoseconds:0} ns and {mark.Bytes} B are the cost of setting and restoring a value of the execution
            context. Without it, a span that the request starts as a new root would be exported. The rest is the
            decision and the middleware that ends the exclusion.

            Applications with hooks take more time than the table shows, because ASP.NET Core then writes a diagnostic
            event for each matched route.

            ## Reload under load

            One thread sends requests while another thread loads a list of 1,000 patterns {reload.Reloads} times. A
            reload takes {reload.ReloadTime.TotalMilliseconds:0} ms. Every list excludes `/health`, with its first or its
            last item, and no list excludes `/orders/1`. The table shows the times of the excluded requests. Compiling
            takes processor time and causes garbage collections, which slow requests down.

            {Latencies(reload)}
            ## Throughput

            The playground's orders service runs in its own process, behind Kestrel on loopback, and answers
            `GET /customers/ada/orders/count`. Each request has two spans, which are recorded but not exported. The
            variants take turns, and each row shows the best turn. The client runs on the same machine, so the processor
            time is more reliable than the requests per second. Both vary by 10 % or more from run to run.

            {Throughputs(throughput)}
            """;
    }
}
