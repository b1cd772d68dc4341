using System.Collections.ObjectModel;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.Apps;

/// <summary>
/// A web application on a loopback port that keeps its exported telemetry. Stop it before reading, so that all requests have ended.
/// </summary>
internal sealed class TracedApp : IAsyncDisposable
{
    public const string SourceName = "Tests";

    public static readonly ActivitySource Source = new(SourceName);

    private readonly List<Activity> _spans;
    private readonly List<Metric> _metrics;
    private readonly LogRecords _logs;

    private TracedApp(WebApplication app, List<Activity> spans, List<Metric> metrics, LogRecords logs)
    {
        App = app;
        (_spans, _metrics, _logs) = (spans, metrics, logs);

        // Without a tracing handler, so that requests have only the headers that the tests set.
        Client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null, AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(app.Urls.First()),
        };
    }

    public WebApplication App { get; }

    public HttpClient Client { get; }

    public int Port => Client.BaseAddress!.Port;

    /// <summary>The spans of this application's requests, and all other spans that its provider exported.</summary>
    public IReadOnlyList<Activity> Spans =>
        [
            .. _spans.Where(
                span => span.OperationName != "Microsoft.AspNetCore.Hosting.HttpRequestIn" || Equals(span.GetTagItem("server.port"), Port)),
        ];

    public IReadOnlyList<string> SpanNames => [.. Spans.Select(span => span.DisplayName)];

    public IReadOnlyList<LogRecord> Logs => _logs.ToArray();

    public static async Task<TracedApp> StartAsync(
        Action<WebApplicationBuilder> configure,
        Action<WebApplication> map,
        Dictionary<string, string?>? configuration = null)
    {
        var spans = new List<Activity>();
        var metrics = new List<Metric>();
        var logs = new LogRecords();

        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { EnvironmentName = configuration?.GetValueOrDefault("environment") ?? Environments.Production });
        builder.Configuration.AddInMemoryCollection(configuration);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.AddInMemoryExporter(logs);
        });
        builder.Services.AddHttpClient();
        builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing
                .AddSource(SourceName)
                .AddHttpClientInstrumentation()
                .AddInMemoryExporter(spans))
            .WithMetrics(metering => metering
                .AddAspNetCoreInstrumentation()
                .AddInMemoryExporter(metrics));
        configure(builder);

        var app = builder.Build();
        map(app);
        try
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            // Otherwise, its tracer provider would record the requests of later tests.
            await app.DisposeAsync();
            throw;
        }

        return new TracedApp(app, spans, metrics, logs);
    }

    public async Task<HttpResponseMessage> GetAsync(string path, string? traceParent = null, string? traceState = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (traceParent is not null)
        {
            request.Headers.TryAddWithoutValidation("traceparent", traceParent);
        }

        if (traceState is not null)
        {
            request.Headers.TryAddWithoutValidation("tracestate", traceState);
        }

        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task StopAsync()
    {
        await App.StopAsync(TestContext.Current.CancellationToken);
        App.Services.GetRequiredService<TracerProvider>().ForceFlush();
        App.Services.GetRequiredService<MeterProvider>().ForceFlush();
    }

    /// <summary>
    /// Returns the values of a counter, or the counts of a histogram, by their tags. They include all applications of the process.
    /// </summary>
    public Dictionary<string, long> CountsOf(string instrument) => CountsOf(_metrics, instrument);

    public static Dictionary<string, long> CountsOf(IEnumerable<Metric> metrics, string instrument)
    {
        var counts = new Dictionary<string, long>();
        foreach (var metric in metrics.Where(metric => metric.Name == instrument).TakeLast(1))
        {
            foreach (ref readonly var point in metric.GetMetricPoints())
            {
                var tags = new List<string>();
                foreach (var tag in point.Tags)
                {
                    tags.Add($"{tag.Key}={tag.Value}");
                }

                tags.Sort(StringComparer.Ordinal);
                counts[string.Join(' ', tags)] = metric.MetricType == MetricType.Histogram ? point.GetHistogramCount() : point.GetSumLong();
            }
        }

        return counts;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
    }

    /// <summary>Log records that are read while the application logs.</summary>
    private sealed class LogRecords : Collection<LogRecord>
    {
        private readonly Lock _adding = new();

        public LogRecord[] ToArray()
        {
            lock (_adding)
            {
                return [.. Items];
            }
        }

        protected override void InsertItem(int index, LogRecord item)
        {
            lock (_adding)
            {
                base.InsertItem(Count, item);
            }
        }
    }
}

internal static class TracedAppRouteTracing
{
    public static IRouteTracing RouteTracing(this TracedApp app) => app.App.Services.GetRequiredService<IRouteTracing>();

    public static IReadOnlyList<(string Pattern, string Source)> ExcludedUrls(this TracedApp app) =>
        [.. app.RouteTracing().ExcludedUrls.Select(exclusion => (exclusion.Pattern, exclusion.Source))];

    /// <summary>Changes a configuration value and reloads the configuration.</summary>
    public static void Reload(this TracedApp app, string key, string? value)
    {
        var configuration = (IConfigurationRoot)app.App.Configuration;
        configuration[key] = value;
        configuration.Reload();
    }
}
