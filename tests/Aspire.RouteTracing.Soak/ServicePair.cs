using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Soak;

/// <summary>
/// Two services under one sampler: a storefront, whose requests come without a network, and the stock, which the storefront calls over the
/// network. And a storefront without telemetry, to compare latencies with.
/// </summary>
internal sealed class ServicePair(WebApplication storefront, WebApplication stock, WebApplication plainStorefront) : IAsyncDisposable
{
    public const string CalledRoute = "/stock/{id:int}";

    private static readonly ActivitySource StorefrontSource = new("Soak.Storefront");
    private static readonly ActivitySource StockSource = new("Soak.Stock");

    public InProcessServer Storefront { get; } = (InProcessServer)storefront.Services.GetRequiredService<IServer>();

    public InProcessServer PlainStorefront { get; } = (InProcessServer)plainStorefront.Services.GetRequiredService<IServer>();

    public IRouteTracing RouteTracing { get; } = storefront.Services.GetRequiredService<IRouteTracing>();

    public static async Task<ServicePair> StartAsync(Sampler sampler, ReloadedList list, ListFile file, Ledger ledger)
    {
        var stock = await StartStockAsync(sampler, ledger);
        var storefront = await StartStorefrontAsync(sampler, list, file, ledger, new Uri(stock.Urls.Single()));
        return new ServicePair(storefront, stock, await StartPlainStorefrontAsync());
    }

    /// <summary>Ends every request in both services, and exports the metrics.</summary>
    public async Task StopAsync()
    {
        await stock.StopAsync();
        await storefront.StopAsync();
        storefront.Services.GetRequiredService<MeterProvider>().ForceFlush();
        await plainStorefront.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await storefront.DisposeAsync();
        await plainStorefront.DisposeAsync();
        await stock.DisposeAsync();
    }

    /// <summary>Handles a request of the storefront, as its case says.</summary>
    public static async Task HandleAsync(HttpContext context)
    {
        var request = context.Features.GetRequiredFeature<SoakRequest>();
        var work = request.Case.Work;
        AddSpan(StorefrontSource, "work", request.Number);
        if (work.HasFlag(Work.NewRoot))
        {
            var server = Activity.Current;
            Activity.Current = null;
            AddSpan(StorefrontSource, "new root", request.Number);
            Activity.Current = server;
        }

        if (work.HasFlag(Work.Call))
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, new Uri("/stock/1", UriKind.Relative));
            message.Headers.Add(SoakRequest.NumberHeader, request.Number);
            using var response = await context.RequestServices.GetRequiredService<HttpClient>().SendAsync(message);
            response.EnsureSuccessStatusCode();
        }

        if (work.HasFlag(Work.SpanAfterwards))
        {
            request.Afterwards = Task.Run(async () =>
            {
                await request.Ended;
                AddSpan(StorefrontSource, "afterwards", request.Number);
            });
        }

        SetResponseHeaders(context.Response, request.Number);
        if (work.HasFlag(Work.Abort))
        {
            context.Abort();
            context.RequestAborted.ThrowIfCancellationRequested();
        }

        if (work.HasFlag(Work.Throw))
        {
            throw new SoakException();
        }
    }

    private static void AddSpan(ActivitySource source, string name, string number)
    {
        using var span = source.StartActivity(name);
        span?.SetTag(SoakRequest.NumberTag, number);
    }

    private static void SetResponseHeaders(HttpResponse response, string number)
    {
        response.Headers["x-answer"] = number;
        response.Headers.SetCookie = "in-clear";
    }

    private static async Task<WebApplication> StartStockAsync(Sampler sampler, Ledger ledger)
    {
        var builder = CreateBuilder(sampler);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["Aspire:RouteTracing:CapturedRequestHeaders"] = SoakRequest.NumberHeader;
        builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddSource(StockSource.Name).AddProcessor(ledger.CreateProcessor("127.0.0.1")));
        var app = builder.Build();
        app.MapGet(CalledRoute, (HttpContext context) =>
        {
            var number = SoakHook.NumberOf(context.Request);
            AddSpan(StockSource, "lookup", number);
            SetResponseHeaders(context.Response, number);
            return "ok";
        });
        await app.StartAsync();
        return app;
    }

    private static async Task<WebApplication> StartStorefrontAsync(
        Sampler sampler, ReloadedList list, ListFile file, Ledger ledger, Uri stock)
    {
        var builder = CreateBuilder(sampler);
        builder.WebHost.UseServer(new InProcessServer());
        builder.Configuration["Aspire:RouteTracing:ExclusionsFile"] = file.FilePath;
        builder.Configuration["Aspire:RouteTracing:ExcludedUrls"] = "^/health$";
        builder.Configuration.Sources.Add(list);
        builder.Services.AddControllers();
        builder.Services.AddSingleton(_ => new HttpClient { BaseAddress = stock });
        builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing
                .AddSource(StorefrontSource.Name, "System.Net.Http")
                .AddProcessor(ledger.CreateProcessor(InProcessServer.Host)))
            .WithMetrics(metrics => metrics
                .AddMeter("Microsoft.AspNetCore.Hosting")
                .AddReader(new BaseExportingMetricReader(ledger.Metrics)));
        var app = builder.Build();
        app.UsePathBase("/base");
        app.UseRouting();
        app.MapGet("/plain", HandleAsync);
        app.MapMethods("/orders/{id:int}", ["GET", "POST", "PUT", "DELETE"], HandleAsync);
        app.MapGroup("/shop").MapGet("/{category}/items/{item?}", HandleAsync);
        app.MapControllerRoute("default", "{controller}/{action}/{id?}");
        app.MapMethods("/excluded/{id}", ["GET", "POST"], HandleAsync);
        app.MapGet("/toggle/{side}/{id}", HandleAsync);
        app.MapGet("/health", HandleAsync);
        app.MapGet("/probe/{id}", HandleAsync).ExcludeFromTracing();
        app.MapPut("/attribute/{id}", [ExcludeFromTracing] (HttpContext context) => HandleAsync(context));
        app.MapFallback(HandleAsync);
        await app.StartAsync();
        return app;
    }

    // The providers of the other two would hear it by the usual names.
    private static async Task<WebApplication> StartPlainStorefrontAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseServer(new InProcessServer());
        builder.Services.AddSingleton(_ => new ActivitySource("Soak.Plain")).AddSingleton(_ => new DiagnosticListener("Soak.Plain"));
        var app = builder.Build();
        app.Run(context =>
        {
            context.Features.GetRequiredFeature<IHttpMetricsTagsFeature>().MetricsDisabled = true;
            SetResponseHeaders(context.Response, "0");
            return Task.CompletedTask;
        });
        await app.StartAsync();
        return app;
    }

    private static WebApplicationBuilder CreateBuilder(Sampler sampler)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["OTEL_TRACES_SAMPLER"] = sampler.Name,
            ["OTEL_TRACES_SAMPLER_ARG"] = "1",
            ["Aspire:RouteTracing:ExclusionKey"] = SoakRequest.Key,
            ["Aspire:RouteTracing:PreviousExclusionKey"] = SoakRequest.PreviousKey,
            ["Aspire:RouteTracing:KeepFailedRequests"] = sampler.KeepsFailedRequests.ToString(),
            ["Aspire:RouteTracing:CapturedResponseHeaders"] = "x-answer,set-cookie",
        });
        builder.AddRouteTracing(settings =>
        {
            settings.RequestHook = (span, request) => span.SetTag(SoakHook.SettingsRequestTag, SoakHook.NumberOf(request));
            settings.ResponseHook = (span, response) => span.SetTag(SoakHook.SettingsResponseTag, response.StatusCode);
        });
        builder.Services.AddRouteTracingHook<SoakHook>();
        return builder;
    }
}

/// <summary>A controller that a conventional route leads to.</summary>
public sealed class BasketController : ControllerBase
{
    public Task Show() => ServicePair.HandleAsync(HttpContext);
}

/// <summary>Sets a tag at each call, and then throws if the case of the request says so.</summary>
internal sealed class SoakHook : IRouteTracingHook
{
    public const string RequestTag = "soak.hook.request";
    public const string ResponseTag = "soak.hook.response";
    public const string SettingsRequestTag = "soak.settings_hook.request";
    public const string SettingsResponseTag = "soak.settings_hook.response";

    public static string NumberOf(HttpRequest request) => request.Headers[SoakRequest.NumberHeader].ToString();

    public void OnRequest(Activity activity, HttpRequest request)
    {
        activity.SetTag(RequestTag, NumberOf(request));
        ThrowIfAsked(request.HttpContext);
    }

    public void OnResponse(Activity activity, HttpResponse response)
    {
        activity.SetTag(ResponseTag, response.StatusCode);
        ThrowIfAsked(response.HttpContext);
    }

    private static void ThrowIfAsked(HttpContext context)
    {
        if (context.Features.Get<SoakRequest>()?.Case.Work.HasFlag(Work.HookThrows) == true)
        {
            throw new SoakException();
        }
    }
}

/// <summary>The exception of requests and hooks whose case says that they throw.</summary>
internal sealed class SoakException() : Exception("The case of the request says so.");
