using System.Diagnostics;

namespace Aspire.RouteTracing.Benchmarks.Throughput;

/// <summary>
/// How many requests the orders service answers over loopback, and what one costs it, traced in different ways. A request makes two spans: the
/// server's, and the one of its query. Nothing is exported.
/// </summary>
internal static class ThroughputComparison
{
    private const int Connections = 8;
    private const int Rounds = 6;
    private const string Path = "/customers/ada/orders/count";

    private static readonly TimeSpan RoundDuration = TimeSpan.FromSeconds(2);

    private static readonly (string Name, (string, string)[] Environment)[] Variants =
    [
        ("no tracing", [("OTEL_SDK_DISABLED", "true"), ("Aspire__RouteTracing__Enabled", "false")]),
        ("stock instrumentation", [("Aspire__RouteTracing__Enabled", "false")]),
        ("route tracing", [("OTEL_DOTNET_EXCLUDED_URLS", "^/health$,^/alive$,^/readyz$,client/.*/info")]),
        ("route tracing, all excluded", [("OTEL_DOTNET_EXCLUDED_URLS", "^/health$,^/alive$,^/readyz$,^/customers/")]),
    ];

    /// <summary>Measures the variants in turns, so that each gets a turn in which the machine is quiet, and gives the best.</summary>
    public static async Task<IReadOnlyList<ThroughputResult>> MeasureAsync()
    {
        var services = await Task.WhenAll(Variants.Select(variant => OrdersService.StartAsync(variant.Environment)));
        try
        {
            using var client = new HttpClient();
            var rounds = Variants.Select(_ => new List<(double RequestsPerSecond, TimeSpan ProcessorTime)>()).ToArray();

            // The first one warms up.
            for (var round = 0; round <= Rounds; round++)
            {
                for (var i = 0; i < services.Length; i++)
                {
                    var result = await LoadAsync(client, services[i]);
                    if (round > 0)
                    {
                        rounds[i].Add(result);
                    }
                }
            }

            return [.. Variants.Select((variant, i) => new ThroughputResult(
                variant.Name,
                rounds[i].Max(result => result.RequestsPerSecond),
                rounds[i].Min(result => result.ProcessorTime)))];
        }
        finally
        {
            foreach (var service in services)
            {
                service.Dispose();
            }
        }
    }

    private static async Task<(double RequestsPerSecond, TimeSpan ProcessorTime)> LoadAsync(HttpClient client, OrdersService service)
    {
        var url = new Uri(service.Address, Path);
        var processorTime = service.ProcessorTime;
        var started = Stopwatch.GetTimestamp();
        var requests = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            var sent = 0;
            for (; Stopwatch.GetElapsedTime(started) < RoundDuration; sent++)
            {
                using var response = await client.GetAsync(url);
                response.EnsureSuccessStatusCode();
            }

            return sent;
        })));
        var total = requests.Sum();
        return (total / Stopwatch.GetElapsedTime(started).TotalSeconds, (service.ProcessorTime - processorTime) / total);
    }
}

/// <param name="Variant">How the service is traced.</param>
/// <param name="RequestsPerSecond">What it answered.</param>
/// <param name="ProcessorTime">What a request took of the processor in the service.</param>
internal sealed record ThroughputResult(string Variant, double RequestsPerSecond, TimeSpan ProcessorTime);
