using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>Routing selects endpoints that were named when its tables were built. Later changes still apply.</summary>
public sealed class RouteNamePolicyTests
{
    private const string EndpointMatched = "Microsoft.AspNetCore.Routing.EndpointMatched";

    [Fact]
    public async Task A_path_base_that_comes_after_requests_without_one_is_part_of_the_name()
    {
        await using var app = await StartAsync(app => app.UsePathBase("/base").UseRouting());

        await RequestAsync(app, "/users/1", "/base/users/1", "/users/1");
        await app.StopAsync();

        Assert.Equal(["GET /users/{id:int}", "GET /base/users/{id:int}", "GET /users/{id:int}"], app.SpanNames);
    }

    [Fact]
    public async Task A_format_that_changes_at_run_time_names_the_next_request()
    {
        await using var app = await StartAsync();

        await RequestAsync(app, "/users/1");
        ChangeFormat(app, RouteTemplateFormat.Simple);
        await RequestAsync(app, "/users/1");
        ChangeFormat(app, RouteTemplateFormat.Template);
        await RequestAsync(app, "/users/1");
        await app.StopAsync();

        Assert.Equal(["GET /users/{id:int}", "GET /users/{id}", "GET /users/{id:int}"], app.SpanNames);
    }

    [Fact]
    public async Task A_fallback_that_removes_the_endpoint_answers_as_without_route_tracing()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(),
            app =>
            {
                var pipeline = ((IEndpointRouteBuilder)app).CreateApplicationBuilder();
                pipeline.Use(async (context, next) =>
                {
                    context.SetEndpoint(null);
                    await Task.Yield();
                    await next(context);
                });
                pipeline.Run(context => context.Response.WriteAsync($"{context.GetEndpoint()?.DisplayName ?? "none"}"));
                app.MapFallback(pipeline.Build());
            });

        using var response = await app.GetAsync("/anything");
        Assert.Equal("none", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await app.StopAsync();

        Assert.Equal(["GET /{*path:nonfile}"], app.SpanNames);
    }

    [Fact]
    public async Task OpenTelemetry_names_requests_while_route_tracing_is_suspended()
    {
        await using var app = await StartAsync();

        await RequestAsync(app, "/noslash/1");
        using (app.RouteTracing().Suspend())
        {
            await RequestAsync(app, "/noslash/1");
        }

        await RequestAsync(app, "/noslash/1");
        await app.StopAsync();

        Assert.Equal(["GET /noslash/{id}", "GET noslash/{id}", "GET /noslash/{id}"], app.SpanNames);
    }

    [Fact]
    public async Task The_metric_of_routing_has_the_name()
    {
        await using var app = await StartAsync(app => app.UsePathBase("/base").UseRouting());

        await RequestAsync(app, "/base/noslash/1", "/noslash/1");
        await app.StopAsync();

        var series = app.CountsOf("aspnetcore.routing.match_attempts").Keys;
        Assert.Contains(series, tags => tags.Contains("http.route=/base/noslash/{id}", StringComparison.Ordinal));
        Assert.Contains(series, tags => tags.Contains("http.route=/noslash/{id}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Names_do_not_subscribe_to_the_event_of_a_matched_route()
    {
        await using var app = await StartAsync(app => app.UsePathBase("/base").UseExceptionHandler("/users/1").UseRouting());
        var listener = app.App.Services.GetRequiredService<DiagnosticListener>();

        await RequestAsync(app, "/users/1", "/base/users/1");
        using var failed = await app.GetAsync("/base/boom");
        await app.StopAsync();

        Assert.Equal(["GET /users/{id:int}", "GET /base/users/{id:int}", "GET /base/boom"], app.SpanNames);
        Assert.False(listener.IsEnabled(EndpointMatched));
    }

    [Fact]
    public async Task Hooks_subscribe_to_the_event_of_a_matched_route()
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings => settings.RequestHook = (_, _) => { }), Map);

        await RequestAsync(app, "/users/1");

        Assert.True(app.App.Services.GetRequiredService<DiagnosticListener>().IsEnabled(EndpointMatched));
    }

    [Fact]
    public async Task A_hook_that_is_added_at_run_time_sees_the_route_of_the_next_request()
    {
        object? seen = null;
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
                settings.RequestHook = builder.Configuration["hooked"] is null
                    ? null
                    : (activity, _) => seen = activity.GetTagItem("http.route")),
            Map);

        await RequestAsync(app, "/users/1");
        Assert.Null(seen);

        app.Reload("hooked", "yes");
        await RequestAsync(app, "/users/1");

        Assert.Equal("/users/{id:int}", seen);
    }

    private static Task<TracedApp> StartAsync(Action<WebApplication>? configure = null) => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(),
        app =>
        {
            configure?.Invoke(app);
            Map(app);
        });

    private static void Map(WebApplication app)
    {
        app.MapGet("/users/{id:int}", () => "");
        app.MapGet("noslash/{id}", () => "");
        app.MapGet("/boom", string () => throw new InvalidOperationException());
    }

    private static async Task RequestAsync(TracedApp app, params string[] paths)
    {
        foreach (var path in paths)
        {
            using var response = await app.GetAsync(path);
            response.EnsureSuccessStatusCode();
        }
    }

    private static void ChangeFormat(TracedApp app, RouteTemplateFormat format) =>
        app.Reload("Aspire:RouteTracing:RouteTemplateFormat", format.ToString());
}
