namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>Stands in for the tests in the folder Aspire where the package sources don't have the Aspire packages.</summary>
public sealed class WithoutAspireTests
{
    private const string Reason =
        "Not compiled and not run, for the package sources have no Aspire.Hosting: the tests in the folder Aspire, of the environment and the published output of a real Aspire model. "
        + "Run them where the packages are, or with -p:UseAspire=true.";

    [Fact(Skip = Reason)]
    public void A_real_Aspire_model_tells_its_resources_what_to_exclude() => Assert.Fail(Reason);

    [Fact(Skip = Reason)]
    public void Publishers_write_lists_that_read_back_the_same() => Assert.Fail(Reason);

    [Fact(Skip = Reason)]
    public void Commands_test_and_edit_the_lists_of_a_running_application() => Assert.Fail(Reason);

    [Fact(Skip = Reason)]
    public void The_page_about_AppHosts_and_the_AppHost_in_TypeScript_are_in_step_with_the_package() => Assert.Fail(Reason);
}
