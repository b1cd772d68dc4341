using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public sealed class FindExclusionTests
{
    [Theory]
    [InlineData("^/health$", false)]
    [InlineData("/health$", true)]
    [InlineData("^http://[^/]+/health$", true)]
    public async Task With_MatchFullUrl_a_path_is_found_as_its_request_is(string item, bool isExcluded)
    {
        await using var app = await TracedApp.StartAsync(
            builder => builder.AddRouteTracing(settings =>
            {
                settings.MatchFullUrl = true;
                settings.ExcludedUrls.Add(item);
            }),
            app => app.MapGet("/health", () => "healthy"));

        using var response = await app.GetAsync("/health");

        await app.StopAsync();
        Assert.Equal(isExcluded, app.Spans.Count == 0);
        Assert.Equal(isExcluded, app.RouteTracing().FindExclusion("/health") is not null);
    }
}
