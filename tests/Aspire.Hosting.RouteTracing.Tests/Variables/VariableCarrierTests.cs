using Aspire.Hosting.ApplicationModel;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Tests.Variables;

public sealed class VariableCarrierTests
{
    [Theory]
    [InlineData("Run", @"^/a{1\d$""'", true)]
    [InlineData("Run", "{{x}}", false)]
    [InlineData("Manifest", @"^/a\d$""'", true)]
    [InlineData("Manifest", "a{1}", false)]
    [InlineData("Docker", @"\d{1}{{x}}""'é", true)]
    [InlineData("Docker", "^/health$", false)]
    [InlineData("Kubernetes", "^/health{1}$${x}'é", true)]
    [InlineData("Kubernetes", @"\d", false)]
    [InlineData("Kubernetes", "\"", false)]
    [InlineData("Kubernetes", "{{ .Values.x }}", false)]
    [InlineData("Other", "client/.*/info", true)]
    [InlineData("Other", "^/health$", false)]
    [InlineData("Other", "'", false)]
    [InlineData("Docker Step", "^/health$", true)]
    [InlineData("Docker Step", "a{1}", false)]
    [InlineData("Docker Kubernetes", "^/health$", false)]
    [InlineData("Docker Kubernetes", @"\d", false)]
    [InlineData("Docker Kubernetes", "a", true)]
    public async Task A_list_is_encoded_where_its_carrier_would_change_it(string target, string pattern, bool plain)
    {
        var orders = CreateBuilder(target).AddProject<TestProject>("orders").WithExcludedUrls(pattern);

        var value = await TestModel.GetVariableAsync(orders, DotNetUrls);

        Assert.Equal(plain, !value!.StartsWith("base64:", StringComparison.Ordinal));
        Assert.Equal([pattern], ExclusionListFormat.Parse(value, out _));
    }

    [Fact]
    public async Task A_pattern_that_the_carrier_would_change_for_Python_is_warned_about()
    {
        var builder = CreateBuilder("Kubernetes");
        var reviews = builder.AddExecutable("reviews", "python", ".").WithExcludedUrls(@"^/v\d", @"^/api/.*\.json$");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("^[^:/?#]+://[^/?#]*/api/[^?]*[.]json(?![^?])", await TestModel.GetVariableAsync(reviews, PythonUrls));
        Assert.StartsWith(
            @"The pattern '^/v\d' can't be used in 'reviews': the target would change",
            Assert.Single(model.Warnings),
            StringComparison.Ordinal);
    }

    private static IDistributedApplicationBuilder CreateBuilder(string target)
    {
        var builder = TestModel.CreateBuilder(
            target == "Run" ? DistributedApplicationOperation.Run : DistributedApplicationOperation.Publish);
        builder.Configuration["Pipeline:Step"] = target.EndsWith("Step", StringComparison.Ordinal) ? "publish-manifest" : null;
        foreach (var name in target.Split(' '))
        {
            IComputeEnvironmentResource? environment = name switch
            {
                "Docker" => new DockerComposeEnvironmentResource(name),
                "Kubernetes" => new KubernetesEnvironmentResource(name),
                "Other" => new OtherEnvironmentResource(name),
                _ => null,
            };
            if (environment is not null)
            {
                builder.AddResource(environment);
            }
        }

        return builder;
    }

    // Recognized by their names, as those of Aspire.Hosting.Docker and Aspire.Hosting.Kubernetes are.
    private sealed class DockerComposeEnvironmentResource(string name) : Resource(name), IComputeEnvironmentResource;

    private sealed class KubernetesEnvironmentResource(string name) : Resource(name), IComputeEnvironmentResource;

    private sealed class OtherEnvironmentResource(string name) : Resource(name), IComputeEnvironmentResource;
}
