using FastEndpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>Each endpoint is a class that says its route, below a prefix of the application.</summary>
public sealed class FastEndpointsTests : LibraryTests
{
    internal static readonly Library FastEndpoints = new("FastEndpoints", typeof(EndpointWithoutRequest))
    {
        FilteredUrls = "^/api/heartbeat$",
        Configure = builder => builder.Services.AddFastEndpoints(options =>
        {
            options.DisableAutoDiscovery = true;
            options.Assemblies = [typeof(UserEndpoint).Assembly];
        }),
        Map = app => app.UseFastEndpoints(options => options.Endpoints.RoutePrefix = "api"),
        Uses =
        [
            new("GET /api/users/7", "an endpoint"),
            new("GET /api/heartbeat", "an excluded endpoint") { Exclusion = UseExclusion.Whole },
        ],
    };

    internal override Library Library => FastEndpoints;

    [Fact]
    public async Task A_request_is_named_after_the_route_with_the_prefix()
    {
        var outcome = await FastEndpoints.SendAsync("GET /api/users/7");

        Assert.Equal(["GET /api/users/{id:int}", "read user"], outcome.Names);
    }
}

public sealed class UserEndpoint : EndpointWithoutRequest
{
    public override void Configure()
    {
        Get("/users/{id:int}");
        AllowAnonymous();
    }

    public override async Task HandleAsync(CancellationToken ct)
    {
        using var work = Library.Work.StartActivity("read user");
        await HttpContext.Response.WriteAsync("user", ct);
    }
}

public sealed class HeartbeatEndpoint : EndpointWithoutRequest
{
    public override void Configure()
    {
        Get("/heartbeat");
        AllowAnonymous();
        Options(endpoint => endpoint.ExcludeFromTracing());
    }

    public override async Task HandleAsync(CancellationToken ct)
    {
        using var work = Library.Work.StartActivity("beat");
        await HttpContext.Response.WriteAsync("alive", ct);
    }
}
