using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>
/// Each part of a batch runs through the pipeline in its own HttpContext. An excluded endpoint excludes its part, never the request around
/// it.
/// </summary>
public sealed class BatchTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    [InlineData("traceidratio")]
    public async Task An_excluded_part_excludes_only_its_own_spans(string? sampler)
    {
        await using var app = await StartAsync(sampler);

        using var response = await app.GetAsync("/batch?/orders&/probe&/orders");
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Equal(["GET", "order", "order"], app.SpanNames.Order(StringComparer.Ordinal));
        Assert.Equal([1L], app.CountsOf("http.server.request.duration").Values);
        Assert.Empty(app.CountsOf("aspire.route_tracing.excluded_requests"));
    }

    [Fact]
    public async Task The_parts_of_an_excluded_batch_are_excluded_with_it()
    {
        await using var app = await StartAsync("always_on", "^/batch$");

        using var response = await app.GetAsync("/batch?/orders&/probe");
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Empty(app.SpanNames);
        Assert.Equal(
            new Dictionary<string, long> { ["aspire.route_tracing.pattern=^/batch$ http.response.status_code=200"] = 1 },
            app.CountsOf("aspire.route_tracing.excluded_requests"));
    }

    [Fact]
    public async Task A_tracer_provider_without_a_host_also_keeps_the_batch()
    {
        var spans = new List<Activity>();
        using var provider = Sdk.CreateTracerProviderBuilder()
            .AddRouteTracing()
            .AddSource(TracedApp.SourceName)
            .SetSampler(new AlwaysOnSampler())
            .AddInMemoryExporter(spans)
            .Build();
        await using var app = await TracedApp.StartAsync(_ => { }, Map);

        using var response = await app.GetAsync("/batch?/orders&/probe&/orders");
        response.EnsureSuccessStatusCode();
        await app.StopAsync();

        Assert.Equal(["GET", "order", "order"], spans.Select(span => span.DisplayName).Order(StringComparer.Ordinal));
    }

    private static Task<TracedApp> StartAsync(string? sampler, string excludedUrl = "^/nothing$") => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(settings => settings.ExcludedUrls.Add(excludedUrl)),
        Map,
        new() { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = "1.0" });

    private static void Map(WebApplication app)
    {
        app.Use(RunParts);
        app.UseRouting();
        app.MapGet("/orders", () => TracedApp.Source.StartActivity("order")?.Dispose());
        app.MapGet("/probe", () =>
        {
            TracedApp.Source.StartActivity("probe")?.Dispose();
            using var call = TracedApp.Source.StartActivity("call", ActivityKind.Client);
            Assert.False(call!.Recorded);
        }).ExcludeFromTracing();
    }

    // Like OData's $batch: a new context with the features of the outer request, except for the request and response features.
    private static async Task RunParts(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path != "/batch")
        {
            await next(context);
            return;
        }

        foreach (var path in context.Request.QueryString.Value![1..].Split('&'))
        {
            var features = new FeatureCollection();
            foreach (var (type, feature) in context.Features)
            {
                if (type != typeof(IHttpRequestFeature)
                    && type != typeof(IHttpResponseFeature)
                    && type != typeof(IEndpointFeature)
                    && type != typeof(IItemsFeature))
                {
                    features[type] = feature;
                }
            }

            features.Set<IHttpRequestFeature>(new HttpRequestFeature { Method = "GET", Path = path, Scheme = "http" });
            features.Set<IHttpResponseFeature>(new HttpResponseFeature());
            features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
            var part = new DefaultHttpContext(features);
            await next(part);
            Assert.Equal(StatusCodes.Status200OK, part.Response.StatusCode);
        }
    }
}
