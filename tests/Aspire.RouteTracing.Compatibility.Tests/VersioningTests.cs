using Asp.Versioning;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>An endpoint that no route stands for answers a request without a version, or with one that doesn't exist.</summary>
public sealed class VersioningTests : LibraryTests
{
    internal static readonly Library Versioning = new("Asp.Versioning.Http", typeof(IApiVersioningBuilder))
    {
        FilteredUrls = "^/v1/health$",
        Configure = builder => builder.Services.AddApiVersioning(options =>
            options.ApiVersionReader = ApiVersionReader.Combine(new QueryStringApiVersionReader(), new UrlSegmentApiVersionReader())),
        Map = app =>
        {
            var versions = app.NewApiVersionSet().HasApiVersion(new ApiVersion(1)).Build();
            app.MapGet("/orders/{id}", (string id) => id).WithApiVersionSet(versions).MapToApiVersion(1);
            app.MapGet("/v{version:apiVersion}/orders/{id}", (string id) => id).WithApiVersionSet(versions).MapToApiVersion(1);
            app.MapGet("/v{version:apiVersion}/health", () => "ok").WithApiVersionSet(versions).MapToApiVersion(1).ExcludeFromTracing();
        },
        Uses =
        [
            new("GET /orders/1?api-version=1.0", "a version in the query"),
            new("GET /v1/orders/1", "a version in the path"),
            new("GET /orders/1", "no version"),
            new("GET /orders/1?api-version=9.0", "a version that doesn't exist"),
            new("GET /v1/health", "an excluded endpoint") { Exclusion = UseExclusion.Whole },
        ],
    };

    internal override Library Library => Versioning;

    [Theory]
    [InlineData("GET /orders/1?api-version=1.0", "GET /orders/{id}")]
    [InlineData("GET /v1/orders/1", "GET /v{version:apiVersion}/orders/{id}")]
    public async Task A_version_is_named_after_its_route(string request, string name)
    {
        var outcome = await Versioning.SendAsync(request);

        Assert.Equal(200, outcome.Status);
        Assert.Equal([name], outcome.Names);
    }

    [Theory]
    [InlineData("GET /orders/1")]
    [InlineData("GET /orders/1?api-version=9.0")]
    public async Task A_version_that_does_not_exist_has_no_route(string request)
    {
        var outcome = await Versioning.SendAsync(request);

        Assert.Equal(400, outcome.Status);
        Assert.Equal("GET", Assert.Single(outcome.Spans).DisplayName);
        Assert.Null(outcome.Spans[0].GetTagItem("http.route"));
    }
}
