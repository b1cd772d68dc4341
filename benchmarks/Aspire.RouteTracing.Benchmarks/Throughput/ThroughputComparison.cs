using System.Diagnostics;
using Aspire.RouteTracing.Benchmarks.Report;

namespace Aspire.RouteTracing.Benchmarks.Throughput;

/// <summary>
/// The processor time that a request costs the orders service over loopback, to that of OpenTelemetry's own instrumentation. A request
/// makes two spans: the server's and that of its query. Nothing is exported.
/// </summary>
internal static class ThroughputComparison
{
    private const int Connections = 8;
    private const int Rounds = 6;
    private const string Path = "/customers/ada/orders/count";

    private static readonly TimeSpan RoundDuration = TimeSpan.FromSeconds(2);

    // Stock, traced, excluded.
    private static readonly (string Name, string Value)[][] Variants =
    [
        [("Aspire__RouteTracing__Enabled", "false")],
        [("OTEL_DOTNET_EXCLUDED_URLS", "^/health$,^/alive$,^/readyz$,client/.*/info")],
        [("OTEL_DOTNET_EXCLUDED_URLS", "^/health$,^/alive$,^/readyz$,^/customers/")],
    ];

    /// <summary>Measures the variants in turns. Each round is a ratio.</summary>
    public static async Task<(MeasuredRange Traced, MeasuredRange Excluded)> MeasureAsync()
    {
        var services = await Task.WhenAll(Variants.Select(variant => OrdersService.StartAsync(variant)));
        try
        {
            using var client = new HttpClient();
            var (traced, excluded) = (new List<double>(), new List<double>());

            // The first round warms up.
            for (var round = 0; round <= Rounds; round++)
            {
                var stock = await GetProcessorTimeAsync(client, services[0]);
                var withRouteTracing = await GetProcessorTimeAsync(client, services[1]);
                var allExcluded = await GetProcessorTimeAsync(client, services[2]);
                if (round > 0)
                {
                    traced.Add(withRouteTracing / stock);
                    excluded.Add(allExcluded / stock);
                }
            }

            return (MeasuredRange.Of(traced), MeasuredRange.Of(excluded));
        }
        finally
        {
            foreach (var service in services)
            {
                service.Dispose();
            }
        }
    }

    private static async Task<TimeSpan> GetProcessorTimeAsync(HttpClient client, OrdersService service)
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
        return (service.ProcessorTime - processorTime) / total;
    }
}
