using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>A proxy in front of the same application. What it forwards is a second request, with the first as its remote parent.</summary>
public sealed class YarpTests : LibraryTests
{
    internal static readonly Library Yarp = new("Yarp.ReverseProxy", typeof(IReverseProxyFeature))
    {
        ExcludedUrls = "^/api/health$",
        FilteredUrls = "^/api/health$",
        Configure = builder =>
        {
            builder.Configuration["Aspire:RouteTracing:ExclusionKey"] = "a key that the services share";
            builder.Services.AddReverseProxy().LoadFromMemory([], []);
        },
        Trace = tracing => tracing.AddSource("Yarp.ReverseProxy"),
        Map = app =>
        {
            app.MapReverseProxy();
            app.MapGet("/upstream/{name}", (string name) => name);

            // The address of the application is known once it has started.
            app.Lifetime.ApplicationStarted.Register(() => app.Services.GetRequiredService<InMemoryConfigProvider>().Update(
                [
                    new RouteConfig
                    {
                        RouteId = "api",
                        ClusterId = "upstream",
                        Match = new RouteMatch { Path = "/api/{**rest}" },
                        Transforms = [new Dictionary<string, string> { ["PathPattern"] = "/upstream/{**rest}" }],
                    },
                ],
                [
                    new ClusterConfig
                    {
                        ClusterId = "upstream",
                        Destinations = new Dictionary<string, DestinationConfig> { ["self"] = new() { Address = app.Urls.First() } },
                    },
                ]));
        },
        Uses =
        [
            new("GET /api/orders", "a request that is forwarded"),
            new("GET /api/health", "an excluded URL, which is forwarded") { Exclusion = UseExclusion.Whole },
        ],
    };

    internal override Library Library => Yarp;

    [Fact]
    public async Task A_forwarded_request_is_named_after_the_route_of_the_proxy()
    {
        var outcome = await Yarp.SendAsync("GET /api/orders");

        Assert.Equal(200, outcome.Status);
        Assert.Equal("GET /api/{**rest}", outcome.Names[0]);
        Assert.Equal("GET /upstream/{name}", outcome.Names[^1]);
    }
}
