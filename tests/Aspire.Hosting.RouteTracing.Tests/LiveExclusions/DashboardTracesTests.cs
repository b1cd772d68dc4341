using Aspire.Hosting.RouteTracing.LiveExclusions;

namespace Aspire.Hosting.RouteTracing.Tests.LiveExclusions;

public sealed class DashboardTracesTests
{
    [Theory, InlineData("https://localhost:17123"), InlineData("https://localhost:17123/")]
    public void The_link_is_the_dashboards_own_for_the_traces_of_one_resource(string dashboardUrl) =>
        Assert.Equal("https://localhost:17123/traces/resource/my%20orders", DashboardTraces.GetUrl(dashboardUrl, "my orders"));
}
