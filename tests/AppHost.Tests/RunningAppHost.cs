using System.Diagnostics;
using System.Net.Http.Json;
using AppHost.Tests.Telemetry;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace AppHost.Tests;

/// <summary>
/// src/AppHost with its services and its dashboard. Beside the storefront run a shop whose services have a sampler that ignores the parent,
/// a storefront whose route tracing is disabled, and a service that doesn't call AddRouteTracing. The shopper doesn't run.
/// </summary>
public sealed class RunningAppHost : IAsyncLifetime
{
    /// <summary>The ending of the names of services whose sampler ignores the parent.</summary>
    public const string ParentIgnored = "-parent-ignored";

    /// <summary>A service that doesn't call AddRouteTracing.</summary>
    public const string Stock = "stock";

    /// <summary>The storefront without route tracing.</summary>
    public const string WithoutRouteTracing = "storefront-without-route-tracing";

    private static readonly string ExclusionKey = ActivityTraceId.CreateRandom().ToHexString();

    // Adds no traceparent of its own.
    private readonly HttpClient _client = new(new SocketsHttpHandler { ActivityHeadersPropagator = null });

    private MetricsReceiver? _metrics;
    private DistributedApplication? _app;
    private Dashboard? _dashboard;

    public DistributedApplication App => _app!;

    public Dashboard Dashboard => _dashboard!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        try
        {
            _metrics = await MetricsReceiver.StartAsync();
            await StartAsync().WaitAsync(TimeSpan.FromMinutes(10), Cancellation);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _dashboard?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        if (_metrics is not null)
        {
            await _metrics.DisposeAsync();
        }
    }

    /// <summary>Sends a request in a new trace, ignores the status code, and returns the id of the trace.</summary>
    public async Task<string> GetAsync(string service, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(App.GetEndpoint(service), path));
        return await SendAsync(request);
    }

    /// <summary>
    /// Places an order and waits for the spans of all services. As exporters keep the order of the spans, everything that ended before is
    /// in the dashboard, too.
    /// </summary>
    public async Task<IReadOnlyList<Span>> PlaceOrderAsync(string storefront)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(App.GetEndpoint(storefront), "/checkout"))
        {
            Content = JsonContent.Create(new { customer = "grace", sku = "tea-cup", quantity = 1 }),
        };
        return await WaitForTraceAsync(await SendAsync(request), spans: 8);
    }

    public Task<IReadOnlyList<Span>> WaitForTraceAsync(string traceId, int spans) =>
        Polling.UntilAsync(() => Dashboard.GetSpansAsync(Cancellation, traceId), read => read.Count >= spans, Cancellation);

    /// <summary>Returns what a service has counted by now.</summary>
    internal Task<IReadOnlyList<MetricsReceiver.Count>> GetCountsAsync(string service) =>
        _metrics!.GetCountsAsync(service, DateTimeOffset.UtcNow, Cancellation);

    /// <summary>Runs a command as the dashboard and the command line do.</summary>
    public async Task<(bool Success, string Message)> ExecuteAsync(
        string service, string command, params (string Name, string Value)[] arguments)
    {
        var inputs = arguments.Select(
            argument => new InteractionInput { Name = argument.Name, InputType = InputType.Text, Value = argument.Value });
        var result = await App.Services.GetRequiredService<ResourceCommandService>()
            .ExecuteCommandAsync(GetState(service).ResourceId, command, new InteractionInputCollection([.. inputs]), Cancellation)
            .WaitAsync(Polling.Patience, Cancellation);
        return (result.Success, result.Message ?? "");
    }

    /// <summary>Returns the lines of a resource's console log so far.</summary>
    public async Task<IReadOnlyList<string>> GetConsoleLogAsync(string service)
    {
        var (id, lines) = (GetState(service).ResourceId, new List<string>());
        await foreach (
            var batch in App.Services.GetRequiredService<ResourceLoggerService>().GetAllAsync(id).WithCancellation(Cancellation))
        {
            lines.AddRange(batch.Select(line => line.Content));
        }

        return lines;
    }

    /// <summary>Returns a property by its name or by the name that the dashboard shows.</summary>
    public object? GetProperty(string service, string name) => GetProperty(GetState(service), name);

    /// <summary>Waits until a service answers from another process than the one given.</summary>
    public Task WaitForRestartAsync(string service, object? process) =>
        App.ResourceNotifications
            .WaitForResourceAsync(
                service,
                state => state.Snapshot.HealthStatus is HealthStatus.Healthy
                    && GetProperty(state, "executable.pid") is { } current
                    && !Equals(current, process),
                Cancellation)
            .WaitAsync(Polling.Patience, Cancellation);

    private static object? GetProperty(ResourceEvent state, string name) =>
        state.Snapshot.Properties.SingleOrDefault(property => property.Name == name || property.DisplayName == name)?.Value;

    private async Task StartAsync()
    {
        var options = new DistributedApplicationTestingBuilderOptions { EnableDashboard = true };
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(options, [], Cancellation);
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning).AddFilter("AppHost.Resources", LogLevel.Warning));
        builder.Services.AddSingleton<TimeProvider>(new SlowTime());
        builder.CreateResourceBuilder<ProjectResource>("shopper").WithExplicitStart();
        AddShopThatIgnoresTheParent(builder);
        AddStorefrontWithoutRouteTracing(builder);
        builder.AddProject(Stock, Path.Combine(Repository.Root, "tests/AppHost.Tests.Stock/AppHost.Tests.Stock.csproj"))
            .WithHttpEndpoint(name: "http")
            .WithHttpHealthCheck("/readyz")
            .WithHttpHealthCheck("/");
        var services = builder.Resources.OfType<ProjectResource>().ToArray();
        foreach (var service in services)
        {
            builder.CreateResourceBuilder(service)
                .WithEnvironment("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", _metrics!.Endpoint)
                .WithEnvironment("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc");
        }

        _app = await builder.BuildAsync(Cancellation);
        await _app.StartAsync(Cancellation);
        _dashboard = await Dashboard.ConnectAsync(_app, Cancellation);
        foreach (var service in services.Where(service => service.Name != "shopper"))
        {
            await _app.ResourceNotifications.WaitForResourceHealthyAsync(service.Name, Cancellation);
        }
    }

    private static void AddShopThatIgnoresTheParent(IDistributedApplicationBuilder builder)
    {
        var catalog = builder.AddProject<Projects.Catalog>($"catalog{ParentIgnored}");
        var orders = builder.AddProject<Projects.Orders>($"orders{ParentIgnored}").WithReference(catalog, "catalog");
        var storefront = builder.AddProject<Projects.Storefront>($"storefront{ParentIgnored}")
            .WithReference(orders, "orders")
            .WithReference(catalog, "catalog")
            .WithExcludedUrls("^/cart/[^/]+/badge$");
        foreach (var service in new[] { catalog, orders, storefront })
        {
            service.WithHttpHealthCheck("/readyz")
                .WithEnvironment("OTEL_TRACES_SAMPLER", "traceidratio")
                .WithEnvironment("OTEL_TRACES_SAMPLER_ARG", "1")
                .WithEnvironment("Aspire__RouteTracing__ExclusionKey", ExclusionKey);
        }
    }

    private static void AddStorefrontWithoutRouteTracing(IDistributedApplicationBuilder builder) =>
        builder.AddProject<Projects.Storefront>(WithoutRouteTracing)
            .WithReference(builder.CreateResourceBuilder<ProjectResource>("orders"))
            .WithReference(builder.CreateResourceBuilder<ProjectResource>("catalog"))
            .WithEnvironment("Aspire__RouteTracing__Enabled", "false");

    private async Task<string> SendAsync(HttpRequestMessage request)
    {
        var traceId = ActivityTraceId.CreateRandom().ToHexString();
        request.Headers.Add("traceparent", $"00-{traceId}-{ActivitySpanId.CreateRandom()}-01");
        using var response = await _client.SendAsync(request, Cancellation).WaitAsync(Polling.Patience, Cancellation);
        return traceId;
    }

    private ResourceEvent GetState(string service) =>
        App.ResourceNotifications.TryGetCurrentState(service, out var state)
            ? state
            : throw new InvalidOperationException($"'{service}' has no state.");

    // Gives services on a busy machine eight seconds to confirm an edit instead of two.
    private sealed class SlowTime : TimeProvider
    {
        public override long GetTimestamp() => base.GetTimestamp() / 4;
    }
}
