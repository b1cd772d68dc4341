using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.Logging;

/// <summary>A logger provider that needs the tracer provider, which is then built before the first logger.</summary>
public sealed class TracingLoggerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_logger_provider_can_depend_on_the_tracer_provider(bool isAddedToTheTracerProvider)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<ILoggerProvider, TracingLogger>();
                if (isAddedToTheTracerProvider)
                {
                    builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddRouteTracing());
                }
                else
                {
                    builder.AddRouteTracing();
                }
            },
            app => app.MapGet("/{name}", () => "ok"),
            new() { ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/health$,[z-a]" });

        using var excluded = await app.GetAsync("/health");
        using var traced = await app.GetAsync("/orders");
        await app.StopAsync();

        Assert.Equal(["GET /{name}"], app.SpanNames);
        Assert.Contains(app.Logs, log => log.EventId.Id == 61);
    }

    private sealed class TracingLogger(TracerProvider tracing) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName)
        {
            tracing.GetTracer(categoryName);
            return NullLogger.Instance;
        }

        public void Dispose()
        {
        }
    }
}
