using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.Hooks;

/// <summary>Hooks with several instrumentations, tracer providers or sources of tags.</summary>
public sealed class HooksOfSeveralProvidersTests
{
    [Fact]
    public async Task Two_instrumentations_of_one_application_run_the_hooks_once()
    {
        var calls = new List<string>();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings => NameAndRecord(settings, calls));
                builder.Services.AddOpenTelemetry().WithTracing(
                    tracing => tracing.AddAspNetCoreInstrumentation("another options name", null));
            },
            Map);

        using var response = await app.GetAsync("/orders/1");
        await app.StopAsync();

        Assert.Equal(["request /orders/{id}", "response 200"], calls);
        Assert.Equal(["hooked"], app.SpanNames);
    }

    [Fact]
    public async Task A_separate_tracer_provider_has_its_own_hooks_and_headers()
    {
        var calls = new List<string>();
        var spans = new List<Activity>();
        using var provider = Sdk.CreateTracerProviderBuilder()
            .AddRouteTracing(settings =>
            {
                NameAndRecord(settings, calls);
                settings.CapturedRequestHeaders.Add("x-tenant");
                settings.CapturedResponseHeaders.Add("x-hook");
            })
            .AddInMemoryExporter(spans)
            .Build();
        await using var app = await TracedApp.StartAsync(_ => { }, Map);

        app.Client.DefaultRequestHeaders.Add("x-tenant", "acme");
        using var response = await app.GetAsync("/orders/1");
        using var excluded = await app.GetAsync("/excluded");
        await app.StopAsync();

        Assert.Equal(["request /orders/{id}", "response 200"], calls);
        var span = Assert.Single(spans);
        Assert.Equal("hooked", span.DisplayName);
        Assert.Equal(["acme"], Assert.IsType<string[]>(span.GetTagItem("http.request.header.x-tenant")));
        Assert.Equal(["was here"], Assert.IsType<string[]>(span.GetTagItem("http.response.header.x-hook")));
    }

    [Fact]
    public async Task A_separate_tracer_provider_runs_only_its_own_hooks()
    {
        var calls = new List<string>();
        var callsOfApp = new List<string>();
        using var provider = Sdk.CreateTracerProviderBuilder()
            .AddRouteTracing(settings => settings.RequestHook = (_, _) => calls.Add("provider's"))
            .Build();
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.RequestHook = (_, _) => callsOfApp.Add("application's")),
            Map);

        using var response = await app.GetAsync("/orders/1");
        await app.StopAsync();

        Assert.Equal(["provider's"], calls);
        Assert.Equal(["application's"], callsOfApp);
    }

    [Fact]
    public async Task ASP_NET_Core_does_not_overwrite_attributes_that_hooks_set()
    {
        const string Switch = "Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData";
        AppContext.SetSwitch(Switch, false);
        try
        {
            var calls = new List<string>();
            await using var app = await TracedApp.StartAsync(
                builder => builder.AddRouteTracing(settings => NameAndRecord(settings, calls)), Map);

            using var response = await app.GetAsync("/orders/1");
            using var excluded = await app.GetAsync("/excluded");
            await app.StopAsync();

            Assert.Equal(["request /orders/{id}", "response 200"], calls);
            Assert.Equal(["hooked"], app.SpanNames);
        }
        finally
        {
            // The default of the runtime.
            AppContext.SetSwitch(Switch, Environment.Version.Major < 11);
        }
    }

    private static void NameAndRecord(RouteTracingSettings settings, List<string> calls)
    {
        settings.RequestHook = (span, _) =>
        {
            calls.Add($"request {span.GetTagItem("http.route")}");
            span.DisplayName = "hooked";
        };
        settings.ResponseHook = (_, response) =>
        {
            calls.Add($"response {response.StatusCode}");
            response.Headers["x-hook"] = "was here";
        };
    }

    private static void Map(WebApplication app)
    {
        app.MapGet("/orders/{id}", () => "ok");
        app.MapGet("/excluded", () => "ok").ExcludeFromTracing();
    }
}
