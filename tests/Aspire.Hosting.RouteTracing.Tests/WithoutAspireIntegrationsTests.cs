namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>Stands in for the tests in the folder AspireIntegrations where the package sources don't have Aspire's integrations with Docker, Kubernetes and Python.</summary>
public sealed class WithoutAspireIntegrationsTests
{
    private const string Reason =
        "Not compiled and not run, for the package sources have no Aspire.Hosting.Docker, Aspire.Hosting.Kubernetes or Aspire.Hosting.Python: the tests in the folder AspireIntegrations. "
        + "Run them where the packages are, or with -p:UseAspireIntegrations=true.";

    [Fact(Skip = Reason)]
    public void Docker_Compose_and_Kubernetes_carry_lists_that_read_back_the_same() => Assert.Fail(Reason);

    [Fact(Skip = Reason)]
    public void A_python_app_is_told_the_same_as_an_executable_that_python_runs() => Assert.Fail(Reason);
}
