using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Starts services that call each other.</summary>
internal static class CallingServices
{
    public const string Key = "a key that the services share";

    public static Task<TracedApp> StartStorefrontAsync(
        string? sampler, TracedApp next, string excludedUrls = "^/health", string? key = Key, TimeProvider? time = null) =>
        TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(time ?? TimeProvider.System);
                builder.AddRouteTracing(settings => settings.ExcludedUrls.Add(excludedUrls));
            },
            app =>
            {
                app.MapGet("/{name}", (IHttpClientFactory clients) => CallAsync(clients, next));
                app.MapGet("/health/new-root", async (IHttpClientFactory clients) =>
                {
                    Activity.Current = null;
                    using var root = TracedApp.Source.StartActivity("new root", ActivityKind.Internal, parentContext: default);
                    return await CallAsync(clients, next);
                });
            },
            new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0", ["Aspire:RouteTracing:ExclusionKey"] = key });

    public static Task<TracedApp> StartOrdersAsync(
        string? sampler, bool withRouteTracing, string? key = Key, string? environment = null, TimeProvider? time = null) =>
        TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(time ?? TimeProvider.System);
                if (withRouteTracing)
                {
                    builder.AddRouteTracing();
                }
                else
                {
                    builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddAspNetCoreInstrumentation());
                }
            },
            app => app.MapGet("/{**path}", () => "ok"),
            new()
            {
                ["OTEL_TRACES_SAMPLER"] = sampler,
                ["OTEL_TRACES_SAMPLER_ARG"] = "1.0",
                ["Aspire:RouteTracing:ExclusionKey"] = key,
                ["environment"] = environment,
            });

    public static Task<TracedApp> StartExcludingAsync(string? sampler, Action handle) => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(settings =>
        {
            settings.ExclusionKey = Key;
            settings.ExcludedUrls.Add("^/health$");
        }),
        app => app.MapGet("/health", handle),
        new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0" });

    /// <summary>Returns the trace headers of a call within an excluded request.</summary>
    public static async Task<(string? TraceState, string? TraceParent)> CaptureAsync(
        string? key, string traceParent, string? traceState, TimeProvider? time = null)
    {
        (string?, string?) captured = default;
        await using var receiver = await TracedApp.StartAsync(_ => { }, app => app.MapGet("/{**path}", (HttpRequest request) =>
        {
            captured = ((string?)request.Headers.TraceState, (string?)request.Headers.TraceParent);
        }));
        await using var storefront = await StartStorefrontAsync("always_on", receiver, key: key, time: time);
        using var response = await storefront.GetAsync("/health", traceParent, traceState);
        response.EnsureSuccessStatusCode();
        return captured;
    }

    public static async Task StopAsync(params TracedApp[] apps)
    {
        foreach (var app in apps)
        {
            await app.StopAsync();
        }
    }

    private static async Task<string> CallAsync(IHttpClientFactory clients, TracedApp next)
    {
        using var client = clients.CreateClient();
        return await client.GetStringAsync(new Uri($"http://127.0.0.1:{next.Port}/called"));
    }
}
