using Aspire.Hosting.ApplicationModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>The code of docs/apphost.md and of the READMEs for an AppHost, line by line, so that it compiles.</summary>
internal static class AppHostPage
{
    public static void Orders(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGet("/ready", () => "ready");
        app.MapGet("/orders/{id:int}", (int id) => $"order {id}");
        app.Run();
    }

    public static void Storefront(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.Services.AddHttpClient("orders", client => client.BaseAddress = new("https+http://orders"));

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGet("/ready", (IHttpClientFactory clients) => clients.CreateClient("orders").GetStringAsync("/ready"));
        app.MapGet(
            "/orders/{id:int}",
            (int id, IHttpClientFactory clients) => clients.CreateClient("orders").GetStringAsync($"/orders/{id}"));
        app.Run();
    }

    public static void AppHost(string[] args)
    {
        var builder = DistributedApplication.CreateBuilder(args);

        var orders = builder.AddProject<Projects.Shop_Orders>("orders")
            .WithHttpHealthCheck("/ready");

        var storefront = builder.AddProject<Projects.Shop_Storefront>("storefront")
            .WithHttpHealthCheck("/ready")
            .WithReference(orders);

        builder.Build().Run();
    }

    public static void ServiceDefaults(IHostApplicationBuilder builder)
    {
        builder.AddRouteTracing();
    }

    public static void Quiet(IDistributedApplicationBuilder builder)
    {
        builder.WithExcludedHealthChecks();
    }

    public static void Blazor(IDistributedApplicationBuilder builder)
    {
        builder.WithExcludedUrls(@"\.(css|js|png|map)$", "^/_framework/", "^/_blazor");
    }

    public static void More(IDistributedApplicationBuilder builder)
    {
        builder.WithExcludedUrls("client/.*/info", "^/favicon");
    }

    public static void Sampler(IResourceBuilder<ProjectResource> orders)
    {
        orders.WithEnvironment("OTEL_TRACES_SAMPLER", "traceidratio").WithEnvironment("OTEL_TRACES_SAMPLER_ARG", "1");
    }

    public static void Key(
        IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> orders, IResourceBuilder<ProjectResource> storefront)
    {
        var key = builder.AddParameter("exclusion-key", secret: true);
        orders.WithEnvironment("Aspire__RouteTracing__ExclusionKey", key);
        storefront.WithEnvironment("Aspire__RouteTracing__ExclusionKey", key);
    }

    public static void Readme(IDistributedApplicationBuilder builder)
    {
        builder.WithExcludedHealthChecks();
        builder.AddProject<Projects.Orders>("orders").WithExcludedUrls("client/.*/info", "healthcheck");
    }

    public static void PackageReadme(string[] args)
    {
        var builder = DistributedApplication.CreateBuilder(args);

        builder.WithExcludedHealthChecks();                       // the health checks of every resource that exports telemetry

        builder.AddProject<Projects.Orders>("orders")
            .WithHttpHealthCheck("/health")
            .WithExcludedUrls("client/.*/info", "^/favicon");     // patterns: regular expressions, searched in the path
    }
}
