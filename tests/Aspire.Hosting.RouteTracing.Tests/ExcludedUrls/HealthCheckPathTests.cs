using Aspire.Hosting.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Tests.ExcludedUrls;

public sealed class HealthCheckPathTests
{
    [Theory]
    [InlineData("orders_http_/health_200_check", "/health")]
    [InlineData("orders_http_health_now_200_check", "health_now")]
    [InlineData("orders_admin_http_/health_200_check", "/health")]
    [InlineData("orders_http_/a_1_check_204_check", "/a_1_check")]
    [InlineData("orders_other_/health_200_check", null)]
    [InlineData("catalog_http_/health_200_check", null)]
    [InlineData("orders_http_/health", null)]
    [InlineData("database", null)]
    public void The_path_is_read_from_the_key_of_the_check(string key, string? path) =>
        Assert.Equal(path, HealthCheckPath.FromKey(key, "orders", ["http", "admin_http"]));

    [Theory]
    [InlineData("/health", "^/health/?$")]
    [InlineData("health/", "^/health/?$")]
    [InlineData("/health?full=1", "^/health/?$")]
    [InlineData("/health.json", @"^/health\.json/?$")]
    [InlineData("/caf%C3%A9", "^/café/?$")]
    [InlineData("/", null)]
    [InlineData("", null)]
    [InlineData("/?x", null)]
    public void The_pattern_finds_exactly_the_path_and_never_the_root(string path, string? pattern) =>
        Assert.Equal(pattern, HealthCheckPath.ToPattern(path));
}
