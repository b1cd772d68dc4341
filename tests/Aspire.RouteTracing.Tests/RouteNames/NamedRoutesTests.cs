using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>The path bases that names can have are limited.</summary>
public class NamedRoutesTests
{
    [Fact]
    public void Path_bases_that_several_threads_see_first_count_once()
    {
        const int Threads = 4;
        const int PathBases = 100;
        var endpoint = new RouteEndpoint(_ => Task.CompletedTask, RoutePatternFactory.Parse("/orders"), 0, EndpointMetadataCollection.Empty, null);
        var routes = new NamedRoutes(RouteTemplateFormat.Template);
        using var together = new Barrier(Threads);
        var threads = Array.ConvertAll(new int[Threads], _ => new Thread(() =>
        {
            for (var i = 0; i < PathBases; i++)
            {
                together.SignalAndWait();
                routes.Get(endpoint, $"/base{i}");
            }
        }));
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.All(Enumerable.Range(0, PathBases), i => Assert.Equal($"/base{i}/orders", Route($"/base{i}")));
        Assert.Equal("/orders", Route("/one-too-many"));

        string? Route(string pathBase) => routes.Get(endpoint, pathBase).Endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route;
    }
}
