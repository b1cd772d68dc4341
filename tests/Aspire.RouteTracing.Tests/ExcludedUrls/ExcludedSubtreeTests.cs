using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>An excluded request exports no span, with any sampler and for anything that starts a span while it runs.</summary>
public sealed partial class ExcludedSubtreeTests
{
    public static TheoryData<string?, string?, string> Combinations => new MatrixTheoryData<string?, string?, string>(
        [null, TraceParent.Sampled, TraceParent.Unsampled],
        [null, "always_on", "traceidratio"],
        ["http-client", "source", "background", "new-root", "nested", "legacy"]);

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task An_excluded_request_exports_no_span(string? parent, string? sampler, string child)
    {
        await using var app = await StartShopAsync(sampler);

        using var response = await app.GetAsync($"/health/{child}", parent);
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task The_same_request_under_another_URL_is_sampled(string? parent, string? sampler, string child)
    {
        await using var app = await StartShopAsync(sampler);

        using var response = await app.GetAsync($"/orders/{child}", parent);
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        if (parent == TraceParent.Unsampled && sampler is null)
        {
            // With a parent-based sampler, only a new root is sampled independently of the caller.
            Assert.Equal(child == "new-root" ? ["new root"] : [], app.SpanNames);
        }
        else
        {
            Assert.Contains("GET /orders/{child}", app.SpanNames);
            Assert.True(app.Spans.Count > 1, "The child is exported, too.");
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    [InlineData("traceidratio")]
    public async Task A_span_whose_parent_id_has_another_format_is_excluded(string? sampler)
    {
        // The last digit of a W3C id has the flags.
        string[] ids = ["order-0", "order-1"];
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app => app.MapGet("/{name}", (string name) =>
                Array.ForEach(ids, id => TracedApp.Source.StartActivity($"{name} {id}", ActivityKind.Internal, id)?.Dispose())),
            new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0" });

        using var excluded = await app.GetAsync("/health");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["orders order-0", "orders order-1", "GET /{name}"], app.SpanNames);
    }

    [Theory]
    [InlineData("OTEL_DOTNET_EXCLUDED_URLS", "nothing")]
    [InlineData("Aspire:RouteTracing:Enabled", "false")]
    public async Task A_request_during_a_settings_change_is_excluded_or_traced_as_a_whole(string key, string value)
    {
        // Subscribers are called last in, first out, so the instrumentation has already read the list when this one changes it.
        var starting = new ChangeAtStart();
        using var all = DiagnosticListener.AllListeners.Subscribe(starting);
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app => app.MapGet("/health", () => TracedApp.Source.StartActivity("own source")?.Dispose()),
            new() { ["OTEL_TRACES_SAMPLER"] = "always_on", ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/health$" });
        starting.Change = () => app.Reload(key, value);

        using var response = await app.GetAsync("/health");
        await app.StopAsync();

        Assert.DoesNotContain(app.ExcludedUrls(), exclusion => exclusion.Pattern == "^/health$");
        Assert.Empty(app.SpanNames);
    }

    [Theory]
    [InlineData("OTEL_DOTNET_EXCLUDED_URLS", "nothing")]
    [InlineData("Aspire:RouteTracing:Enabled", "false")]
    public async Task A_request_stays_excluded_from_metrics_if_settings_change_meanwhile(string key, string value)
    {
        var starting = new ChangeAtStart();
        using var all = DiagnosticListener.AllListeners.Subscribe(starting);
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app => app.MapGet("/health", () => "healthy"),
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/health$" });
        starting.Change = () => app.Reload(key, value);

        using var response = await app.GetAsync("/health");
        await app.StopAsync();

        response.EnsureSuccessStatusCode();
        Assert.DoesNotContain(app.ExcludedUrls(), exclusion => exclusion.Pattern == "^/health$");
        Assert.Equal([1L], app.CountsOf("aspire.route_tracing.excluded_requests").Values);
        Assert.Empty(app.SpanNames);
        Assert.Empty(app.CountsOf("http.server.request.duration"));
    }

    [Fact]
    public async Task The_sampler_of_the_application_is_disposed()
    {
        var sampler = new DisposableSampler();
        await using (var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.SetSampler(sampler));
                builder.AddRouteTracing();
            },
            _ => { }))
        {
            await app.StopAsync();
        }

        Assert.True(sampler.IsDisposed);
    }

    [Fact]
    public async Task A_second_tracer_provider_with_route_tracing_exports_no_span()
    {
        var spans = new List<Activity>();
        using var own = new ActivitySource("Only the second provider listens");
        using var second = Sdk.CreateTracerProviderBuilder()
            .AddSource(own.Name, TracedApp.SourceName, "System.Net.Http")
            .AddRouteTracing()
            .SetSampler(new AlwaysOnSampler())
            .AddInMemoryExporter(spans)
            .Build();
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app => app.MapGet("/{name}", () =>
            {
                using var span = own.StartActivity("own");
                using var shared = TracedApp.Source.StartActivity("shared");
            }));

        using var excluded = await app.GetAsync("/health");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["shared", "own", "GET /{name}"], spans.Select(span => span.DisplayName));
    }

    [Fact]
    public async Task A_second_tracer_provider_exports_the_other_requests()
    {
        var spans = new List<Activity>();
        using var own = new ActivitySource("Only the second provider listens");
        using var second = Sdk.CreateTracerProviderBuilder().AddSource(own.Name).AddInMemoryExporter(spans).Build();
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app => app.MapGet("/{name}", () => own.StartActivity("own")?.Dispose()));

        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal("own", Assert.Single(spans).DisplayName);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    [InlineData("traceidratio")]
    public async Task A_loop_that_outlives_an_excluded_request_is_traced_afterwards(string? sampler)
    {
        var loopRuns = new TaskCompletionSource();
        var requestIsOver = new TaskCompletionSource();
        var loop = Task.CompletedTask;
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app => app.MapGet("/health", async () =>
            {
                loop = Task.Run(async () =>
                {
                    TracedApp.Source.StartActivity("while the request runs")?.Dispose();
                    loopRuns.SetResult();
                    await requestIsOver.Task.WithinAMinute();
                    TracedApp.Source.StartActivity("after the request")?.Dispose();
                });
                await loopRuns.Task.WithinAMinute();
            }),
            new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0" });

        using var response = await app.GetAsync("/health");
        await app.App.StopAsync(TestContext.Current.CancellationToken);
        requestIsOver.SetResult();
        await loop;
        await app.StopAsync();

        Assert.Equal(["after the request"], app.SpanNames);
    }

    [Fact]
    public async Task The_sampler_of_the_application_is_not_called_below_an_excluded_request()
    {
        var sampler = new RememberingSampler();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$"));
                builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.SetSampler(sampler));
            },
            app => app.MapGet("/{name}", () => TracedApp.Source.StartActivity("child")?.Dispose()));

        using var excluded = await app.GetAsync("/health");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        const string Server = "Microsoft.AspNetCore.Hosting.HttpRequestIn";
        Assert.Equal([Server, Server, "child"], sampler.Asked);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    public async Task Logs_of_an_excluded_request_are_exported_with_its_trace_id(string? sampler)
    {
        var traceId = default(ActivityTraceId);
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app => app.MapGet("/health", (ILogger<ExcludedSubtreeTests> logger) =>
            {
                traceId = Activity.Current!.TraceId;
                LogChecked(logger);
            }),
            new() { ["OTEL_TRACES_SAMPLER"] = sampler });

        using var response = await app.GetAsync("/health");
        await app.StopAsync();

        var log = Assert.Single(app.Logs, log => log.CategoryName == typeof(ExcludedSubtreeTests).FullName);
        Assert.Equal(traceId, log.TraceId);
        Assert.NotEqual(default, log.SpanId);
    }

    [Fact]
    public async Task Logs_of_an_excluded_request_keep_the_trace_id_of_the_caller()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health$")),
            app => app.MapGet("/health", (ILogger<ExcludedSubtreeTests> logger) => LogChecked(logger)));

        using var response = await app.GetAsync("/health", TraceParent.Sampled);
        await app.StopAsync();

        var log = Assert.Single(app.Logs, log => log.CategoryName == typeof(ExcludedSubtreeTests).FullName);
        Assert.Equal(TraceParent.TraceId, log.TraceId.ToHexString());
    }

    private static Task<TracedApp> StartShopAsync(string? sampler) => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add("^/health/")),
        app =>
        {
            app.MapGet("/health/{child}", StartChildAsync);
            app.MapGet("/orders/{child}", StartChildAsync);
        },
        new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0" });

    private static async Task StartChildAsync(string child, HttpContext context, IHttpClientFactory clients)
    {
        switch (child)
        {
            case "http-client":
                using (var client = clients.CreateClient())
                {
                    // The client starts a span even if nothing answers.
                    await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("http://127.0.0.1:1/", context.RequestAborted));
                }

                break;
            case "source":
                TracedApp.Source.StartActivity("own source")?.Dispose();
                break;
            case "background":
                await Task.Run(() => TracedApp.Source.StartActivity("background task")?.Dispose(), context.RequestAborted);
                break;
            case "new-root":
                var current = Activity.Current;
                Activity.Current = null;
                TracedApp.Source.StartActivity("new root", ActivityKind.Internal, parentContext: default)?.Dispose();
                Activity.Current = current;
                break;
            case "nested":
                using (TracedApp.Source.StartActivity("outer"))
                {
                    await Task.Yield();
                    using var inner = TracedApp.Source.StartActivity("inner");
                }

                break;
            case "legacy":
                using (new Activity("without a source").Start())
                {
                    TracedApp.Source.StartActivity("below")?.Dispose();
                }

                break;
        }
    }

    private sealed class DisposableSampler : Sampler, IDisposable
    {
        public bool IsDisposed { get; private set; }

        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) => new(SamplingDecision.RecordAndSample);

        public void Dispose() => IsDisposed = true;
    }

    private sealed class RememberingSampler : Sampler
    {
        public List<string> Asked { get; } = [];

        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
        {
            Asked.Add(samplingParameters.Name);
            return new SamplingResult(SamplingDecision.RecordAndSample);
        }
    }

    [LoggerMessage(LogLevel.Information, "checked")]
    private static partial void LogChecked(ILogger logger);

    private sealed class ChangeAtStart : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        public Action Change { get; set; } = () => { };

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.AspNetCore")
            {
                value.Subscribe(this);
            }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Key == "Microsoft.AspNetCore.Hosting.HttpRequestIn.Start")
            {
                Change();
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
