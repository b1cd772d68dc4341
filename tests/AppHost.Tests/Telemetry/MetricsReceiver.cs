using System.Collections.Concurrent;
using AppHost.Tests.Telemetry.Otlp;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace AppHost.Tests.Telemetry;

/// <summary>Receives the metrics of the services, which the dashboard's API doesn't serve.</summary>
internal sealed class MetricsReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Exports _exports;

    private MetricsReceiver(WebApplication app, Exports exports) => (_app, _exports) = (app, exports);

    public string Endpoint => _app.Urls.Single();

    public static async Task<MetricsReceiver> StartAsync()
    {
        var exports = new Exports();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(exports);

        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcService<Service>();
        await app.StartAsync();
        return new(app, exports);
    }

    /// <summary>Returns what the service counted from its start to the time given or a later one.</summary>
    public async Task<IReadOnlyList<Count>> GetCountsAsync(string service, DateTimeOffset time, CancellationToken cancellation) =>
        (await Polling.UntilAsync(
            () => Task.FromResult(_exports.GetValueOrDefault(service)), export => export?.Time >= time, cancellation))!.Counts;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>A counter's value, or the number of measurements in a histogram.</summary>
    internal sealed record Count(string Metric, IReadOnlyDictionary<string, string> Attributes, long Value)
    {
        /// <summary>The pattern of excluded requests, or the route of others.</summary>
        public string? Key => Attributes.GetValueOrDefault("aspire.route_tracing.pattern") ?? Attributes.GetValueOrDefault("http.route");
    }

    private sealed record Export(DateTimeOffset Time, IReadOnlyList<Count> Counts);

    /// <summary>The latest export of each service. Values are cumulative, so that it has everything that the process counted.</summary>
    private sealed class Exports : ConcurrentDictionary<string, Export>;

    private sealed class Service(Exports exports) : MetricsService.MetricsServiceBase
    {
        public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
        {
            foreach (var resource in request.ResourceMetrics)
            {
                var metrics = resource.ScopeMetrics.SelectMany(scope => scope.Metrics).ToArray();
                var sums = metrics.SelectMany(metric =>
                    metric.Sum?.DataPoints.Select(point => (metric.Name, point.Attributes, point.AsInt, point.TimeUnixNano))
                        ?? []);
                var histograms = metrics.SelectMany(metric =>
                    metric.Histogram?.DataPoints.Select(point => (metric.Name, point.Attributes, (long)point.Count, point.TimeUnixNano))
                        ?? []);
                (string Name, IEnumerable<KeyValue> Attributes, long Value, ulong Time)[] points = [.. sums, .. histograms];
                if (points.Length > 0)
                {
                    var time = DateTimeOffset.UnixEpoch.AddTicks((long)points.Max(point => point.Time) / TimeSpan.NanosecondsPerTick);
                    exports[ToDictionary(resource.Resource.Attributes)["service.name"]] =
                        new(time, [.. points.Select(point => new Count(point.Name, ToDictionary(point.Attributes), point.Value))]);
                }
            }

            return Task.FromResult(new ExportMetricsServiceResponse());
        }

        private static Dictionary<string, string> ToDictionary(IEnumerable<KeyValue> attributes) =>
            attributes.ToDictionary(attribute => attribute.Key, attribute => attribute.Value.ValueCase == AnyValue.ValueOneofCase.IntValue
                ? $"{attribute.Value.IntValue}"
                : attribute.Value.StringValue);
    }
}
