using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using Azure.Core.Pipeline;
using Azure.Monitor.OpenTelemetry.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>The distro adds OpenTelemetry's instrumentation by itself, and a sampler that limits the number of traces a second.</summary>
public sealed partial class AzureMonitorTests : LibraryTests
{
    internal static readonly Library AzureMonitor = new("Azure.Monitor.OpenTelemetry.AspNetCore", typeof(AzureMonitorOptions))
    {
        ExcludedUrls = "^/health$",
        FilteredUrls = "^/(health|probe)$",
        Configure = builder =>
        {
            Environment.SetEnvironmentVariable("APPLICATIONINSIGHTS_STATSBEAT_DISABLED", "true");
            builder.Services.AddOpenTelemetry()
                .UseAzureMonitor(Configure)
                .ConfigureResource(resource => resource.Clear()); // A detector asks the network for the virtual machine.
        },
        Map = app =>
        {
            app.MapGet("/orders/{id:int}", Answer);
            app.MapGet("/health", Answer);
            app.MapGet("/probe", Answer).ExcludeFromTracing();
        },
        Uses =
        [
            new("GET /orders/1", "a request"),
            new("GET /health", "an excluded URL") { Exclusion = UseExclusion.Whole },
            new("GET /probe", "an excluded endpoint") { Exclusion = UseExclusion.Whole },
        ],
    };

    // The lines of the requests that the exporters have sent.
    private static readonly ConcurrentQueue<string> Exported = [];

    private static readonly Regex Answered = new("Answered [^\"{]+");

    internal override Library Library => AzureMonitor;

    [Fact]
    public async Task A_request_is_named_after_its_route()
    {
        var outcome = await AzureMonitor.SendAsync("GET /orders/1");

        Assert.Equal(["GET /orders/{id:int}", "work"], outcome.Names);
    }

    [Theory]
    [InlineData("health")]
    [InlineData("probe")]
    public async Task The_sampler_is_asked_about_a_request_before_it_is_excluded(string path)
    {
        var spans = new List<Activity>();
        await using var app = await Run.StartAsync(AzureMonitor, Tracing.RouteTracing, sampler: null, spans);
        using var client = Run.CreateClient(app);

        Assert.Equal("100", await client.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken));
        await app.StopAsync(TestContext.Current.CancellationToken);
        Assert.Empty(spans);
    }

    [Fact]
    public async Task The_log_sampler_drops_the_logs_of_excluded_requests()
    {
        Exported.Clear();
        await using (var app = await Run.StartAsync(AzureMonitor, Tracing.RouteTracing, sampler: null, []))
        {
            using var client = Run.CreateClient(app);
            foreach (var path in new[] { "health", "probe", "orders/1" })
            {
                await client.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            }

            await app.StopAsync(TestContext.Current.CancellationToken);
        }

        Assert.Contains(Exported, line => line.StartsWith("{\"name\":\"Request\"", StringComparison.Ordinal));

        // On .NET 11, this version of the distro drops the logs of all requests, also without route tracing.
        string[] logged = Environment.Version.Major == 10 ? ["Answered /orders/1"] : [];
        Assert.Equal(logged, Exported.Select(line => Answered.Match(line).Value).Where(log => log.Length > 0));
    }

    private static void Configure(AzureMonitorOptions options)
    {
        options.ConnectionString = "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=http://127.0.0.1:9/";
        options.Transport = new HttpClientTransport(new HttpClient(new IngestionHandler()));
        options.TracesPerSecond = 1e9;
        options.EnableLiveMetrics = false;
        options.DisableOfflineStorage = true;
    }

    // Returns the rate that the sampler adds to the activities that it picks.
    private static string Answer(HttpRequest request, ILogger<AzureMonitorTests> logger)
    {
        var server = Activity.Current;
        using var work = Library.Work.StartActivity("work");
        LogAnswered(logger, request.Path);
        return $"{server?.GetTagItem("microsoft.sample_rate")}";
    }

    [LoggerMessage(LogLevel.Information, "Answered {Path}")]
    private static partial void LogAnswered(ILogger logger, PathString path);

    /// <summary>Accepts what is exported and sends nothing.</summary>
    private sealed class IngestionHandler : HttpMessageHandler
    {
        private const string Accepted = """{"itemsReceived":1,"itemsAccepted":1,"errors":[]}""";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await using var content = await request.Content!.ReadAsStreamAsync(cancellationToken);
            var isCompressed = request.Content.Headers.ContentEncoding.Contains("gzip");
            using var lines = new StreamReader(isCompressed ? new GZipStream(content, CompressionMode.Decompress) : content);
            while (await lines.ReadLineAsync(cancellationToken) is { } line)
            {
                Exported.Enqueue(line);
            }

            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Accepted) };
        }
    }
}
