using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
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
/// Two services under one sampler: a storefront, whose requests come without a network, and behind it the stock, whose requests come from
/// the storefront over the network. And a storefront without telemetry, to compare latencies with.
/// </summary>
internal sealed class ServicePair : IAsyncDisposable
{
    private static readonly ActivitySource StorefrontSource = new("Soak.Storefront");
    private static readonly ActivitySource StockSource = new("Soak.Stock");

    private readonly WebApplication _storefront;
    private readonly WebApplication _stock;
    private readonly WebApplication _plainStorefront;
    private readonly HttpClient _stockClient;

    private ServicePair(
        WebApplication storefront, InProcessServer server, WebApplication plainStorefront, InProcessServer plainServer, WebApplication stock, HttpClient stockClient)
    {
        (_storefront, Storefront, _plainStorefront, PlainStorefront) = (storefront, server, plainStorefront, plainServer);
        (_stock, _stockClient) = (stock, stockClient);
    }

    public InProcessServer Storefront { get; }

    public InProcessServer PlainStorefront { get; }

    public IRouteTracing RouteTracing => _storefront.Services.GetRequiredService<IRouteTracing>();

    public static async Task<ServicePair> StartAsync(Sampler sampler, ReloadedList list, ListFile file, Ledger ledger)
    {
        var stock = await StartStockAsync(sampler, ledger);
        var stockClient = new HttpClient { BaseAddress = new Uri(stock.Urls.Single()) };

        var plainServer = new InProcessServer();
        var plainBuilder = CreateBuilder(plainServer, _ => Task.CompletedTask);
        using var source = new ActivitySource("Soak.Plain");
        using var listener = new DiagnosticListener("Soak.Plain");
        plainBuilder.Services.AddSingleton(source).AddSingleton(listener);
        var plainStorefront = plainBuilder.Build();
        MapRoutes(plainStorefront).DisableHttpMetrics();
        await plainStorefront.StartAsync();

        var server = new InProcessServer();
        var builder = CreateBuilder(server, HandleAsync);
        AddRouteTracing(builder, sampler);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Aspire:RouteTracing:ExclusionsFile"] = file.FilePath,
            ["Aspire:RouteTracing:ExcludedUrls"] = "^/health$",
        });
        builder.Configuration.Sources.Add(list);
        builder.Services.AddSingleton(stockClient);
        builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing
                .AddSource(StorefrontSource.Name, "System.Net.Http")
                .AddProcessor(ledger.CreateProcessor(InProcessServer.Host)))
            .WithMetrics(metrics => metrics
                .AddMeter("Microsoft.AspNetCore.Hosting")
                .AddReader(new BaseExportingMetricReader(ledger.Metrics)));
        var storefront = builder.Build();
        MapRoutes(storefront);
        await storefront.StartAsync();
        return new ServicePair(storefront, server, plainStorefront, plainServer, stock, stockClient);
    }

    /// <summary>Ends every request in both services, and exports the metrics.</summary>
    public async Task StopAsync()
    {
        await _stock.StopAsync();
        _storefront.Services.GetRequiredService<MeterProvider>().ForceFlush();
        await _storefront.StopAsync();
        await _plainStorefront.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _stockClient.Dispose();
        await _storefront.DisposeAsync();
        await _plainStorefront.DisposeAsync();
        await _stock.DisposeAsync();
    }

    /// <summary>Does what the case of the request says.</summary>
    private static async Task HandleAsync(HttpContext context)
    {
        var request = context.Features.Get<SoakRequest>()!;
        using (StartSpan(StorefrontSource, "work", request.NumberText))
        {
            await Task.CompletedTask;
        }

        var work = request.Case.Work;
        if (work.HasFlag(Work.NewRoot))
        {
            var server = Activity.Current;
            Activity.Current = null;
            StartSpan(StorefrontSource, "new root", request.NumberText)?.Dispose();
            Activity.Current = server;
        }

        if (work.HasFlag(Work.Call))
        {
            await CallStockAsync(context.RequestServices.GetRequiredService<HttpClient>(), request);
        }

        if (work.HasFlag(Work.Afterwards))
        {
            request.Afterwards = Task.Run(async () =>
            {
                await request.Ended;
                StartSpan(StorefrontSource, "afterwards", request.NumberText)?.Dispose();
            });
        }

        context.Response.StatusCode = request.Case.StatusCode;
        context.Response.Headers["x-answer"] = request.NumberText;
        context.Response.Headers.SetCookie = "in-clear";
        if (work.HasFlag(Work.Abort))
        {
            context.Abort();
            context.RequestAborted.ThrowIfCancellationRequested();
        }

        if (work.HasFlag(Work.Fail))
        {
            throw new SoakException();
        }
    }

    private static Activity? StartSpan(ActivitySource source, string name, string number) =>
        source.StartActivity(name)?.SetTag(SoakRequest.NumberTag, number);

    private static async Task CallStockAsync(HttpClient client, SoakRequest request)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, new Uri("/stock/1", UriKind.Relative));
        message.Headers.Add(SoakRequest.NumberHeader, request.NumberText);
        using var response = await client.SendAsync(message);
        response.EnsureSuccessStatusCode();
    }

    private static async Task<WebApplication> StartStockAsync(Sampler sampler, Ledger ledger)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        AddRouteTracing(builder, sampler);
        builder.Configuration["Aspire:RouteTracing:CapturedRequestHeaders"] = SoakRequest.NumberHeader;
        builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddSource(StockSource.Name).AddProcessor(ledger.CreateProcessor("127.0.0.1")));
        var stock = builder.Build();
        stock.MapGet("/stock/{id:int}", (HttpContext context) =>
        {
            var number = context.Request.Headers[SoakRequest.NumberHeader].ToString();
            StartSpan(StockSource, "lookup", number)?.Dispose();
            context.Response.Headers["x-answer"] = number;
            context.Response.Headers.SetCookie = "in-clear";
            return "ok";
        });
        await stock.StartAsync();
        return stock;
    }

    private static WebApplicationBuilder CreateBuilder(InProcessServer server, RequestDelegate handle)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseServer(server);
        builder.Services.AddSingleton(handle).AddControllers();
        return builder;
    }

    private static void AddRouteTracing(WebApplicationBuilder builder, Sampler sampler)
    {
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
    }

    [SuppressMessage("Usage", "ASP0018", Justification = "The route is what is asked for, not its values.")]
    private static RouteGroupBuilder MapRoutes(WebApplication app)
    {
        var handle = app.Services.GetRequiredService<RequestDelegate>();
        app.UsePathBase("/base");
        app.UseRouting();
        var routes = app.MapGroup("");
        routes.MapGet("/plain", handle);
        routes.MapMethods("/orders/{id:int}", ["GET", "POST", "PUT", "DELETE"], handle);
        routes.MapGroup("/shop").MapGet("/{category}/items/{item?}", handle);
        routes.MapControllerRoute("default", "{controller}/{action}/{id?}");
        routes.MapMethods("/excluded/{id}", ["GET", "POST"], handle);
        routes.MapGet("/toggle/{side}/{id}", handle);
        routes.MapGet("/file/{side}/{id}", handle);
        routes.MapGet("/health", handle);
        routes.MapGet("/probe/{id}", handle).ExcludeFromTracing();
        routes.MapPut("/attribute/{id}", [ExcludeFromTracing] (HttpContext context) => handle(context));
        routes.MapFallback(handle);
        return routes;
    }
}

/// <summary>A controller that a conventional route leads to.</summary>
public sealed class BasketController : ControllerBase
{
    public Task Show() => HttpContext.RequestServices.GetRequiredService<RequestDelegate>()(HttpContext);
}

/// <summary>Sets a tag at each call, and then throws if the request says so.</summary>
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
        ThrowIfAsked(request);
    }

    public void OnResponse(Activity activity, HttpResponse response)
    {
        activity.SetTag(ResponseTag, response.StatusCode);
        ThrowIfAsked(response.HttpContext.Request);
    }

    private static void ThrowIfAsked(HttpRequest request)
    {
        if (request.Headers.ContainsKey(SoakRequest.FailingHookHeader))
        {
            throw new SoakException();
        }
    }
}
