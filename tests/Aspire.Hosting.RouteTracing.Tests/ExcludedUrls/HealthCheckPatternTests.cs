using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using HealthCheckPaths = Aspire.Hosting.RouteTracing.ExcludedUrls.HealthChecks;

namespace Aspire.Hosting.RouteTracing.Tests.ExcludedUrls;

public sealed class HealthCheckPatternTests
{
    [Fact]
    public async Task Health_checks_and_probes_are_excluded_by_their_exact_paths()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders")
            .WithHttpEndpoint(name: "http")
            .WithHttpHealthCheck("/health?full=1")
            .WithExcludedHealthChecks();
#pragma warning disable ASPIREPROBES001
        orders.WithHttpProbe(ProbeType.Liveness, "/alive.json").WithHttpProbe(ProbeType.Readiness, "ready_now", endpointName: "http");
#pragma warning restore ASPIREPROBES001
        builder.Services.AddHealthChecks();
        orders.WithHealthCheck("database");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal(@"^/alive\.json/?$,^/ready_now/?$,^/health/?$", await TestModel.GetUnresolvedAsync(orders, DotNetUrls));
    }

    [Fact]
    public async Task App_wide_health_checks_exclude_only_a_resources_own_paths()
    {
        var builder = TestModel.CreateBuilder().WithExcludedHealthChecks();
        var orders = builder.AddProject<TestProject>("orders").WithHttpEndpoint(name: "http").WithHttpHealthCheck("/orders/health");
        var catalog = builder.AddProject<TestProject>("catalog").WithHttpEndpoint(name: "http").WithHttpHealthCheck("/catalog/health");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("^/orders/health/?$", await TestModel.GetUnresolvedAsync(orders, DotNetUrls));
        Assert.Equal("^/catalog/health/?$", await TestModel.GetUnresolvedAsync(catalog, DotNetUrls));
    }

    [Fact]
    public async Task A_health_check_of_the_root_adds_no_pattern_and_no_warning()
    {
        var builder = TestModel.CreateBuilder().WithExcludedHealthChecks();
        var orders = builder.AddProject<TestProject>("orders").WithHttpEndpoint(name: "http").WithHttpHealthCheck();
        await using var model = await TestModel.StartAsync(builder);

        Assert.Null(await TestModel.GetUnresolvedAsync(orders, DotNetUrls));
        Assert.Empty(model.Warnings);
    }

    [Theory]
    [InlineData("node")]
    [InlineData("java")]
    [InlineData("go")]
    public async Task Health_checks_of_a_language_without_a_list_give_no_warning(string command)
    {
        var builder = TestModel.CreateBuilder().WithExcludedHealthChecks();
        var app = builder.AddExecutable("app", command, ".")
            .WithOtlpExporter()
            .WithHttpEndpoint(name: "http")
            .WithHttpHealthCheck("/health");
        await using var model = await TestModel.StartAsync(builder);

        await TestModel.GetVariablesAfterRestartAsync(app);

        Assert.Empty(model.Warnings);
    }

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
        Assert.Equal(path, HealthCheckPaths.GetPath(key, "orders", ["http", "admin_http"]));

    [Theory]
    [InlineData("/health", "^/health/?$")]
    [InlineData("health/", "^/health/?$")]
    [InlineData("/health?full=1", "^/health/?$")]
    [InlineData("/health.json", @"^/health\.json/?$")]
    [InlineData("/caf%C3%A9", "^/café/?$")]
    [InlineData("/a/../health", "^/health/?$")]
    [InlineData("/", null)]
    [InlineData("", null)]
    [InlineData("/?x", null)]
    public void The_pattern_finds_exactly_the_path_and_never_the_root(string path, string? pattern) =>
        Assert.Equal(pattern, HealthCheckPaths.ToPattern(path));
}
