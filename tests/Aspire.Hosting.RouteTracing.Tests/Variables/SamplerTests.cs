using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests.Variables;

public sealed class SamplerTests
{
    [Fact]
    public async Task Always_on_becomes_parent_based_in_every_resource_with_telemetry()
    {
        var builder = TestModel.CreateBuilder();
        IResourceBuilder<IResource>[] resources =
        [
            builder.AddProject<TestProject>("excluded").WithExcludedUrls("here"),
            builder.AddContainer("late", "image").WithExcludedUrls("here").WithOtlpExporter(),
            builder.AddContainer("behind", "image").WithOtlpExporter(),
            builder.AddProject<TestProject>("without").WithoutAppWideExclusions(),
            builder.AddExecutable("node", "node", ".").WithOtlpExporter(),
        ];
        await using var model = await TestModel.StartAsync(builder);

        foreach (var resource in resources)
        {
            Assert.Equal("parentbased_always_on", await TestModel.GetUnresolvedAsync(resource, Sampler));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Excluded_health_checks_are_enough_to_replace_always_on(bool appWide)
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders");
        if (appWide)
        {
            builder.WithExcludedHealthChecks();
        }
        else
        {
            orders.WithExcludedHealthChecks();
        }

        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("parentbased_always_on", await TestModel.GetVariableAsync(orders, Sampler));
    }

    [Theory]
    [InlineData("always_on", "parentbased_always_on")]
    [InlineData("ALWAYS_ON", "parentbased_always_on")]
    [InlineData("traceidratio", "traceidratio")]
    [InlineData("parentbased_traceidratio", "parentbased_traceidratio")]
    [InlineData("always_off", "always_off")]
    public async Task Only_always_on_is_replaced_if_the_user_sets_a_sampler(string sampler, string expected)
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here").WithEnvironment(Sampler, sampler);
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal(expected, await TestModel.GetVariableAsync(orders, Sampler));
    }

    [Fact]
    public async Task Always_on_is_replaced_if_it_is_the_value_of_a_parameter()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders")
            .WithExcludedUrls("here")
            .WithEnvironment(Sampler, builder.AddParameter("sampler", "always_on"));
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("parentbased_always_on", await TestModel.GetVariableAsync(orders, Sampler));
    }

    [Theory]
    [InlineData("Production", DistributedApplicationOperation.Run)]
    [InlineData("Development", DistributedApplicationOperation.Publish)]
    public async Task No_sampler_is_set_if_Aspire_sets_none(string environment, DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation, environment);
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Null(await TestModel.GetVariableAsync(orders, Sampler));
    }
}
