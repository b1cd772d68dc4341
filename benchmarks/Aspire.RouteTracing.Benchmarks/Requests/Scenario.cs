using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace Aspire.RouteTracing.Benchmarks.Requests;

/// <summary>A request that two applications answer: one with OpenTelemetry's own instrumentation, one with route tracing.</summary>
/// <param name="Name">The name in the report.</param>
/// <param name="Path">The path of the request.</param>
/// <param name="Budget">The time of route tracing, to that of the other application.</param>
internal sealed record Scenario(string Name, string Path, double Budget)
{
    private const int Children = 50;

    private const string Calls =
        "The callbacks, the middleware, the list and the naming add a fixed time to a request, a few hundred nanoseconds. *traced, empty "
        + "parts* measures callbacks, a middleware, a processor and a sampler that do nothing. The request of this measurement takes "
        + "only 2 to 4 µs, because it has no socket. One behind Kestrel takes many times as long.";

    private const string Context =
        "The execution context has to carry the request, so that everything it starts is excluded, too. .NET copies the context when it is "
        + "set and when the activity changes, which is most of these bytes, as the row with empty parts shows. A mark on the activity "
        + "costs less, but code that clears Activity.Current loses it. In an application with an excluded endpoint, every request is "
        + "carried, because the endpoint is known only when it executes.";

    private const string Selected =
        "A path base is known during the request only, so routing has to ask a policy, for which it allocates a set of candidates.";

    private static readonly ActivitySource Recorded = new(MeasuredApp.SourceName);
    private static readonly ActivitySource WithoutListener = new("Aspire.RouteTracing.Benchmarks.WithoutListener");

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("traced", "/orders/1", 1.03) { Reason = Calls },
        new("traced, always_on", "/orders/1", 1.03) { Sampler = "always_on", Reason = Calls },
        new("traced, empty parts", "/orders/1", double.NaN) { Instead = EmptyParts.Add, BudgetBytes = double.NaN },
        new("traced, always_on, empty parts", "/orders/1", double.NaN)
        {
            Sampler = "always_on",
            Instead = EmptyParts.Add,
            BudgetBytes = double.NaN,
        },
        new("traced, 50 child spans", "/children", 1.02) { Reason = Calls },
        new("traced, 50 child spans, always_on", "/children", 1.02) { Sampler = "always_on", Reason = Calls },
        new("traced, 50 activities without a listener", "/without-listener", 1.00) { Reason = Calls },
        new("excluded by the list, to traced", "/health", 0.74) { Reason = Context },
        new("excluded by the list, to a `Filter`", "/health", double.NaN)
        {
            Options = options => options.Filter = _ => false,
            BudgetBytes = 200,
            Reason = Context,
        },
        new("excluded, empty parts, to a `Filter`", "/health", double.NaN)
        {
            Options = options => options.Filter = _ => false,
            Instead = EmptyParts.Add,
            BudgetBytes = double.NaN,
        },
        new("excluded endpoint, to traced", "/probe", 0.90) { Map = MapExcluded, Reason = Context },
        new("other endpoint of an application with an excluded one", "/orders/1", 1.05)
        {
            Map = MapExcluded,
            Reason = Context,
        },
        new("two hooks, to two `Enrich` callbacks", "/orders/1", 1.30)
        {
            Options = options =>
            {
                options.EnrichWithHttpRequest = (span, request) => span.SetTag("tag.request", request.Method);
                options.EnrichWithHttpResponse = (span, response) => span.SetTag("tag.response", response.ContentType);
            },
            Settings = settings =>
            {
                settings.RequestHook = (span, request) => span.SetTag("tag.request", request.Method);
                settings.ResponseHook = (span, response) => span.SetTag("tag.response", response.ContentType);
            },
            BudgetBytes = 300,
            Reason = "Hooks are isolated: an exception, an async lambda or an activity that stays open must not reach the request, and "
                + "what they set must survive the instrumentation, which sets its own values later.",
        },
        new("three captured headers, to tags set by hand", "/orders/1", 1.05)
        {
            Options = options => options.EnrichWithHttpRequest = (span, request) =>
            {
                foreach (var header in MeasuredApp.Headers)
                {
                    span.SetTag($"http.request.header.{header}", request.Headers[header].ToArray());
                }
            },
            Settings = settings =>
            {
                foreach (var header in MeasuredApp.Headers)
                {
                    settings.CapturedRequestHeaders.Add(header);
                }
            },
            Reason = Calls,
        },
        new("UsePathBase", "/app/orders/1", 1.05)
        {
            Map = app =>
            {
                app.UsePathBase("/app");
                app.UseRouting();
            },
            Reason = Selected,
        },
        new("Map branch", "/app/orders/1", 1.05)
        {
            Map = app => app.Map(
                "/app", branch => branch.UseRouting().UseEndpoints(endpoints => endpoints.MapGet("/orders/{id}", () => ""))),
            Reason = Selected,
        },
    ];

    /// <summary>Gets the bytes that may be allocated beyond the other application; 0 by default, NaN without a budget.</summary>
    public double BudgetBytes { get; init; }

    /// <summary>Gets why the budget is missed, as sentences.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Gets the sampler's name, as in OTEL_TRACES_SAMPLER.</summary>
    public string? Sampler { get; init; }

    /// <summary>Configures OpenTelemetry's instrumentation in the application without route tracing.</summary>
    public Action<AspNetCoreTraceInstrumentationOptions>? Options { get; init; }

    /// <summary>Gets what the other application has instead of route tracing.</summary>
    public Action<IServiceCollection>? Instead { get; init; }

    /// <summary>Configures route tracing in the other application.</summary>
    public Action<RouteTracingSettings>? Settings { get; init; }

    /// <summary>Adds middleware and endpoints to both.</summary>
    public Action<WebApplication>? Map { get; init; }

    public static void MapCommon(WebApplication app)
    {
        app.MapGet("/orders/{id}", () => "");
        app.MapGet("/health", () => "");
        app.MapGet("/children", () => StartActivities(Recorded));
        app.MapGet("/without-listener", () => StartActivities(WithoutListener));
    }

    public override string ToString() => Name;

    private static void MapExcluded(WebApplication app) => app.MapGet("/probe", () => "").ExcludeFromTracing();

    private static string StartActivities(ActivitySource source)
    {
        for (var i = 0; i < Children; i++)
        {
            source.StartActivity("child")?.Dispose();
        }

        return "";
    }
}
