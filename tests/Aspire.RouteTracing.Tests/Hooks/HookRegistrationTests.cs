using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.Hooks;

/// <summary>Which hooks run, in which order, and for which requests.</summary>
public sealed class HookRegistrationTests
{
    [Theory]
    [InlineData("/excluded", null)]
    [InlineData("/by-endpoint", null)]
    [InlineData("/filtered", null)]
    [InlineData("/ok", "always_off")]
    public async Task Hooks_do_not_run_for_requests_that_are_excluded_or_not_sampled(string path, string? sampler)
    {
        var calls = new HookCalls();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(
                    options => options.Filter = context => context.Request.Path != "/filtered");
                builder.AddRouteTracing(settings =>
                {
                    settings.ExcludedUrls.Add("^/excluded$");
                    calls.Record(settings);
                });
            },
            app =>
            {
                app.MapGet("/by-endpoint", () => "ok").ExcludeFromTracing();
                app.MapGet("/{name}", () => "ok");
            },
            new() { ["OTEL_TRACES_SAMPLER"] = sampler });

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.True(response.IsSuccessStatusCode);
        Assert.Empty(calls);
        Assert.Empty(app.Spans);
    }

    [Fact]
    public async Task Registered_hooks_run_in_order_after_the_delegates_of_the_settings()
    {
        var calls = new HookCalls();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton(calls);
                builder.Services.AddRouteTracingHook<FirstHook>();
                builder.Services.AddRouteTracingHook<SecondHook>();
                builder.Services.AddRouteTracingHook<FirstHook>();
                builder.AddRouteTracing(settings => settings.RequestHook = (_, _) => calls.Add("delegate"));
            },
            app => app.MapGet("/", () => "ok"));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(["delegate", "first request", "second request", "first response"], calls);
    }

    [Fact]
    public async Task Two_applications_in_one_process_have_their_own_hooks()
    {
        var calls = new HookCalls();
        var callsOfOther = new HookCalls();
        await using var app = await HookedApp.StartAsync(calls.Record, app => app.MapGet("/app", () => "ok"));
        await using var other = await HookedApp.StartAsync(callsOfOther.Record, app => app.MapGet("/other", () => "ok"));
        await using var withoutHooks = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(), app => app.MapGet("/plain", () => "ok"));

        using var first = await app.GetAsync("/app");
        using var second = await other.GetAsync("/other");
        using var third = await withoutHooks.GetAsync("/plain");
        await Task.WhenAll(app.StopAsync(), other.StopAsync(), withoutHooks.StopAsync());

        Assert.Equal(["request /app", "response 200"], calls);
        Assert.Equal(["request /other", "response 200"], callsOfOther);
    }

    [Fact]
    public async Task Hooks_change_on_reload_and_do_not_run_while_suspended()
    {
        var calls = new HookCalls();
        await using var app = await HookedApp.StartAsync(
            settings =>
            {
                var version = settings.ExcludedUrls.FirstOrDefault() ?? "first";
                settings.RequestHook = (_, _) => calls.Add(version);
            },
            app => app.MapGet("/", () => "ok"));

        using var first = await app.GetAsync("/");
        app.Reload("OTEL_DOTNET_EXCLUDED_URLS", "second");
        using var second = await app.GetAsync("/");
        using (app.RouteTracing().Suspend())
        {
            using var suspended = await app.GetAsync("/");
        }

        await app.StopAsync();

        Assert.Equal(["first", "second"], calls);
        Assert.Equal(3, app.Spans.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Container_hooks_do_not_run_while_route_tracing_is_disabled_or_suspended(bool enabled)
    {
        var calls = new HookCalls();
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(settings => settings.Enabled = enabled);
                builder.Services.AddSingleton(calls).AddRouteTracingHook<FirstHook>();
            },
            app => app.MapGet("/", () => "ok"));

        using (app.RouteTracing().Suspend())
        {
            using var suspended = await app.GetAsync("/");
        }

        Assert.Empty(calls);
        using var response = await app.GetAsync("/");
        await app.StopAsync();
        Assert.Equal(enabled, calls.Count > 0);
    }

    [Fact]
    public async Task A_hook_can_depend_on_the_tracer_provider()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                builder.Services.AddRouteTracingHook<ProviderHook>();
            },
            app => app.MapGet("/", () => "ok"));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(true, Assert.Single(app.Spans).GetTagItem("tagged"));
    }

    [Fact]
    public async Task An_instance_of_a_hook_is_added_once_beside_others_of_its_type()
    {
        var calls = new HookCalls();
        var (one, two) = (new NamedHook("one", calls), new NamedHook("two", calls));
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing();
                builder.Services.AddSingleton(one);
                builder.Services.AddRouteTracingHook(one).AddRouteTracingHook(two).AddRouteTracingHook(one);
            },
            app => app.MapGet("/", () => "ok"));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(["one", "two"], calls);
    }

    private sealed class FirstHook(HookCalls calls) : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => calls.Add("first request");

        public void OnResponse(Activity activity, HttpResponse response) => calls.Add("first response");
    }

    private sealed class SecondHook(HookCalls calls) : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => calls.Add("second request");
    }

    private sealed class NamedHook(string name, HookCalls calls) : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => calls.Add(name);
    }

    private sealed class ProviderHook(TracerProvider provider) : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => activity.SetTag("tagged", provider is not null);
    }
}
