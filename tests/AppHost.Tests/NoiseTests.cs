using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace AppHost.Tests;

public sealed class NoiseTests
{
    [Theory]
    [InlineData("--noise", false)]
    [InlineData("--Noise=true", false)]
    [InlineData("--Noise=false", true)]
    public async Task The_Noise_setting_disables_the_exclusions(string argument, bool excluded)
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            [argument], TestContext.Current.CancellationToken);

        var storefront = builder.Resources.OfType<ProjectResource>().Single(resource => resource.Name == "storefront");
#pragma warning disable CS0618 // The replacement needs a started application
        var variables = await storefront.GetEnvironmentVariableValuesAsync(DistributedApplicationOperation.Publish);
#pragma warning restore CS0618

        Assert.Equal(excluded, variables.ContainsKey("OTEL_DOTNET_EXCLUDED_URLS"));
    }
}
