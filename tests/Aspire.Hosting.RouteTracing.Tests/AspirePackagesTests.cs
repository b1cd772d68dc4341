namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>Says what of these tests ran.</summary>
public class AspirePackagesTests
{
    [Fact]
    public void The_tests_of_the_application_model_run_where_the_package_sources_have_the_Aspire_packages()
    {
        var withAspire = typeof(AspirePackagesTests).Assembly.GetType("Aspire.Hosting.RouteTracing.Tests.Aspire.ExcludedUrlsTests") is not null;
        Assert.SkipUnless(withAspire, "The package sources don't have the Aspire packages: what needs an application model to be tested (the folder Aspire/) was neither compiled nor run. See docs/without-aspire.md.");
    }
}
