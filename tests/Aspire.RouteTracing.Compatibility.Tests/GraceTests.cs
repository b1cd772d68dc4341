using System.Diagnostics;
using Grace.DependencyInjection;
using Grace.DependencyInjection.Extensions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>The container creates another <see cref="IServiceScopeFactory"/> each time that one is resolved.</summary>
public sealed class GraceTests : LibraryTests
{
    internal static readonly Library Grace = new("Grace.DependencyInjection.Extensions", typeof(GraceRegistration))
    {
        ExcludedUrls = "^/health$",
        FilteredUrls = "^/(health|probe)$",
        Configure = builder =>
        {
            builder.Host.UseServiceProviderFactory(new GraceServiceProviderFactory());
            builder.Services.AddRouteTracingHook<OrderHook>();
        },
        Map = app =>
        {
            app.MapGet("/orders/{id:int}", Work);
            app.MapGet("/health", Work);
            app.MapGet("/probe", [ExcludeFromTracing] () => Work());
        },
        Uses =
        [
            new("GET /orders/1", "a request; Grace is the container"),
            new("GET /health", "an excluded URL") { Exclusion = UseExclusion.Whole },
            new("GET /probe", "an excluded endpoint") { Exclusion = UseExclusion.Whole },
        ],
    };

    internal override Library Library => Grace;

    [Fact]
    public async Task A_hook_is_called()
    {
        var outcome = await Grace.SendAsync("GET /orders/1");

        Assert.Equal(["GET /orders/{id:int}", "work"], outcome.Names);
        Assert.Equal("1", outcome.Spans[0].GetTagItem("order"));
        Assert.Equal(200, outcome.Spans[0].GetTagItem("status"));
    }

    private static string Work()
    {
        using var work = Library.Work.StartActivity("work");
        return "done";
    }

    private sealed class OrderHook : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => activity.SetTag("order", request.RouteValues["id"]);

        public void OnResponse(Activity activity, HttpResponse response) => activity.SetTag("status", response.StatusCode);
    }

    private sealed class GraceServiceProviderFactory : IServiceProviderFactory<IInjectionScope>
    {
        public IInjectionScope CreateBuilder(IServiceCollection services)
        {
            var container = new DependencyInjectionContainer();
            container.Populate(services);
            return container;
        }

        public IServiceProvider CreateServiceProvider(IInjectionScope containerBuilder) => containerBuilder.Locate<IServiceProvider>();
    }
}
