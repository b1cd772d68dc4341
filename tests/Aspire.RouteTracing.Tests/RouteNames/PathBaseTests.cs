using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Builder.Extensions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>The path base is part of the name, in the casing of the code. Invented path bases are limited.</summary>
public sealed class PathBaseTests
{
    private const string Tenant = "X-Tenant";

    [Fact]
    public async Task Invented_path_bases_add_ten_metric_series_for_each_endpoint()
    {
        const int Endpoints = 25;
        const int PathBases = 110;
        await using var app = await StartAsync(app =>
        {
            UseTenants(app);
            for (var i = 0; i < Endpoints; i++)
            {
                app.MapGet($"/orders{i}/{{id}}", () => "");
            }
        });

        for (var tenant = 0; tenant < PathBases; tenant++)
        {
            for (var i = 0; i < Endpoints; i++)
            {
                await GetAsync(app, $"/orders{i}/1", $"/tenant{tenant}");
            }
        }

        await app.StopAsync();

        var series = app.CountsOf("http.server.request.duration").Keys
            .Where(tags => tags.Contains($"/orders", StringComparison.Ordinal))
            .ToList();
        Assert.Equal(Endpoints * 11, series.Count);
        Assert.Equal(Endpoints * 10, series.Count(tags => tags.Contains("http.route=/tenant", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Path_bases_that_arrive_at_the_same_time_count_once()
    {
        await using var app = await StartAsync(app =>
        {
            UseTenants(app);
            app.MapGet("/orders", () => "");
        });

        for (var tenant = 0; tenant < 10; tenant++)
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => GetAsync(app, "/orders", $"/tenant{tenant}")));
        }

        await GetAsync(app, "/orders", "/one-too-many");
        await app.StopAsync();

        Assert.Equal(
            ["GET /orders", .. Enumerable.Range(0, 10).Select(tenant => $"GET /tenant{tenant}/orders")],
            app.SpanNames.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Configured_path_bases_are_not_limited()
    {
        await using var app = await StartAsync(app =>
        {
            for (var i = 0; i < 20; i++)
            {
                app.Map($"/branch{i}", MapOrders);
            }
        });

        for (var i = 0; i < 20; i++)
        {
            await GetAsync(app, $"/branch{i}/orders");
        }

        await app.StopAsync();

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"GET /branch{i}/orders"), app.SpanNames);
    }

    [Fact]
    public async Task The_casing_of_UsePathBase_wins_over_that_of_the_first_request()
    {
        await using var app = await StartAsync(app =>
        {
            app.UsePathBase("/App");
            app.UseRouting();
            app.MapGet("/orders", () => "");
        });

        await GetAsync(app, "/aPP/orders");
        await app.StopAsync();

        Assert.Equal("GET /App/orders", Assert.Single(app.SpanNames));
    }

    [Fact]
    public async Task The_casing_of_nested_branches_wins_over_that_of_the_first_request()
    {
        await using var app = await StartAsync(app =>
        {
            app.UseMiddleware<UsePathBaseMiddleware>(new PathString("/App"));
            app.UseWhen(
                _ => true, always => always.Map("/Shop", shop => shop.MapWhen(_ => true, always => always.Map("/Admin", MapOrders))));
        });

        await GetAsync(app, "/APP/SHOP/ADMIN/orders");
        await app.StopAsync();

        Assert.Equal("GET /App/Shop/Admin/orders", Assert.Single(app.SpanNames));
    }

    [Fact]
    public async Task Path_bases_invented_from_configured_ones_are_limited()
    {
        await using var app = await StartAsync(app =>
        {
            UseTenants(app);
            app.UsePathBase("/app");
            app.UseRouting();
            app.MapGet("/orders", () => "");
        });

        for (var depth = 1; depth <= 12; depth++)
        {
            await GetAsync(app, "/orders", string.Concat(Enumerable.Repeat("/app", depth)));
        }

        await app.StopAsync();

        // "/app" is configured; ten others are part of names.
        Assert.Equal(12, app.SpanNames.Distinct().Count());
        Assert.Equal("GET /orders", app.SpanNames[^1]);
    }

    [Fact]
    public async Task A_path_base_that_no_code_configures_has_the_casing_seen_first()
    {
        await using var app = await StartAsync(app =>
        {
            UseTenants(app);

            // The matched segment stays in the path, so it is no path base.
            app.Map("/tenant", preserveMatchedPathSegment: true, MapOrders);
            app.MapGet("/orders", () => "");
        });

        await GetAsync(app, "/orders", "/Tenant");
        await GetAsync(app, "/orders", "/TENANT");
        await app.StopAsync();

        Assert.Equal(["GET /Tenant/orders", "GET /Tenant/orders"], app.SpanNames);
    }

    private static Task<TracedApp> StartAsync(Action<WebApplication> map) =>
        TracedApp.StartAsync(builder => builder.AddRouteTracing(), map);

    private static void UseTenants(WebApplication app)
    {
        app.Use((HttpContext context, RequestDelegate next) =>
        {
            context.Request.PathBase = context.Request.Headers[Tenant].ToString();
            return next(context);
        });
        app.UseRouting();
    }

    private static void MapOrders(IApplicationBuilder branch) =>
        branch.UseRouting().UseEndpoints(endpoints => endpoints.MapGet("/orders", () => ""));

    private static async Task GetAsync(TracedApp app, string path, string? tenant = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (tenant is not null)
        {
            request.Headers.Add(Tenant, tenant);
        }

        using var response = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
