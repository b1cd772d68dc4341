using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Tests;

public sealed class ServiceDefaultsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/health", 0)]
    [InlineData("/health/details", 0)]
    [InlineData("/alive", 0)]
    [InlineData("/orders/42", 2)]
    public async Task A_request_that_the_template_filter_rejects_exports_no_span(string path, int spans) =>
        Assert.Equal(spans, await CountSpansAsync(path, []));

    [Theory]
    [InlineData("/orders/42", 0)]
    [InlineData("/health", 0)]
    [InlineData("/customers/ada", 2)]
    public async Task An_exclusion_list_adds_to_the_template_filter(string path, int spans) =>
        Assert.Equal(spans, await CountSpansAsync(path, new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/orders/" }));

    [Fact]
    public async Task A_worker_starts_with_the_service_defaults()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.AddServiceDefaults();
        using var host = builder.Build();

        await host.StartAsync(Cancellation);
        await host.StopAsync(Cancellation);

        Assert.NotNull(host.Services.GetRequiredService<TracerProvider>());
    }

    /// <summary>
    /// How many spans a request leaves under the sampler that an AppHost sets in Development; a middleware starts one besides the server's.
    /// </summary>
    private static async Task<int> CountSpansAsync(string path, Dictionary<string, string?> configuration)
    {
        var spans = new List<Activity>();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = Environments.Development });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(configuration).AddInMemoryCollection([new("OTEL_TRACES_SAMPLER", "always_on")]);
        builder.AddServiceDefaults();
        builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddInMemoryExporter(spans));
        await using (var app = builder.Build())
        {
            using var source = new ActivitySource(builder.Environment.ApplicationName);
            app.MapDefaultEndpoints();
            app.MapFallback(() => "done");
            app.Use(async (context, next) =>
            {
                using var span = source.StartActivity("work");
                await next(context);
            });
            await app.StartAsync(Cancellation);

            // Without a propagator the client leaves no span of its own.
            using var handler = new SocketsHttpHandler { ActivityHeadersPropagator = null };
            using var client = new HttpClient(handler) { BaseAddress = new(app.Urls.Single()) };
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
            response.EnsureSuccessStatusCode();
            await app.StopAsync(Cancellation);
        }

        return spans.Count;
    }
}
