using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>One request to one application, started for it. The tests share the outcomes with the document.</summary>
internal static class Run
{
    private static readonly ConcurrentDictionary<(Library, Use, Tracing, string?), Task<Outcome>> Outcomes = [];

    public static Task<Outcome> GetAsync(Library library, Use use, Tracing tracing, string? sampler) =>
        Outcomes.GetOrAdd((library, use, tracing, sampler), _ => RunAsync(library, use, tracing, sampler));

    /// <summary>
    /// Starts the application of a library. Its end ends its tracer provider, whose instrumentations then export what they have.
    /// </summary>
    public static async Task<WebApplication> StartAsync(Library library, Tracing tracing, string? sampler, List<Activity> spans)
    {
        var app = Build(library, tracing, sampler, spans);
        try
        {
            library.Map(app);
            await app.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return app;
    }

    /// <summary>Creates a client that doesn't trace, because the requests come from outside.</summary>
    public static HttpClient CreateClient(WebApplication app)
    {
        var handler = new SocketsHttpHandler { ActivityHeadersPropagator = null, AllowAutoRedirect = false };
        return new HttpClient(handler) { BaseAddress = new Uri(app.Urls.First()) };
    }

    private static async Task<Outcome> RunAsync(Library library, Use use, Tracing tracing, string? sampler)
    {
        var spans = new List<Activity>();
        DateTime start;
        int status;
        await using (var app = await StartAsync(library, tracing, sampler, spans))
        {
            start = DateTime.UtcNow;
            using var client = CreateClient(app);
            status = await use.SendAsync(client);
            await use.Until(app.Services).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            await app.StopAsync(TestContext.Current.CancellationToken);
        }

        var spansOfRequest = spans.Where(span => span.StartTimeUtc >= start && library.IsOfRequest(span));
        return new(status, [.. spansOfRequest.OrderBy(span => span.StartTimeUtc)]);
    }

    private static WebApplication Build(Library library, Tracing tracing, string? sampler, List<Activity> spans)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            EnvironmentName = Environments.Production,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Configuration["OTEL_TRACES_SAMPLER"] = sampler;
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddHttpClient();
        builder.Services.AddOpenTelemetry().WithTracing(tracing =>
        {
            tracing.AddSource(Library.Work.Name).AddHttpClientInstrumentation();
            library.Trace(tracing);
            tracing.AddInMemoryExporter(spans);
        });
        library.Configure(builder);
        if (tracing == Tracing.RouteTracing)
        {
            builder.AddRouteTracing(settings => settings.ExcludedUrls.Add(library.ExcludedUrls));
        }
        else
        {
            builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddAspNetCoreInstrumentation(options =>
                options.Filter = context => !Regex.IsMatch(context.Request.Path, library.FilteredUrls)));
        }

        return builder.Build();
    }
}

internal enum Tracing
{
    /// <summary>OpenTelemetry's instrumentation of ASP.NET Core with a Filter.</summary>
    Stock,

    RouteTracing,
}
