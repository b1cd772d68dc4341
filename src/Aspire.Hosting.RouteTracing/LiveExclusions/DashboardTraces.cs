namespace Aspire.Hosting.RouteTracing.LiveExclusions;

/// <summary>The page of the Aspire dashboard that lists a resource's traces.</summary>
internal static class DashboardTraces
{
    /// <summary>The address isn't documented: https://github.com/microsoft/aspire/blob/v13.5.2/src/Shared/DashboardUrls.cs</summary>
    public static string GetUrl(string dashboardUrl, string resourceName) => $"{dashboardUrl.TrimEnd('/')}/traces/resource/{Uri.EscapeDataString(resourceName)}";
}
