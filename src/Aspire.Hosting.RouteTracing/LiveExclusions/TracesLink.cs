using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.RouteTracing.LiveExclusions;

/// <summary>The link from a resource to its traces in the dashboard.</summary>
internal static class TracesLink
{
    private const string DashboardName = "aspire-dashboard";

    public static void AddTo(IResource resource, DistributedApplicationModel model, IConfiguration configuration) =>
        resource.Annotations.Add(new ResourceUrlsCallbackAnnotation(context =>
        {
            if (GetDashboardUrl(model, configuration) is { } dashboardUrl)
            {
                context.Urls.Add(new ResourceUrlAnnotation
                {
                    Url = DashboardTraces.GetUrl(dashboardUrl, resource.Name),
                    DisplayText = "Traces",
                    DisplayLocation = UrlDisplayLocation.DetailsOnly,
                });
            }
        }));

    /// <summary>A relative URL would be one of the resource itself, so the dashboard's own address is needed.</summary>
    private static string? GetDashboardUrl(DistributedApplicationModel model, IConfiguration configuration)
    {
        if (model.Resources.FirstOrDefault(resource => resource.Name == DashboardName) is not IResourceWithEndpoints dashboard)
        {
            return null;
        }

        var endpoint = new[] { dashboard.GetEndpoint("https"), dashboard.GetEndpoint("http") }.FirstOrDefault(endpoint => endpoint.Exists && endpoint.IsAllocated);
        return endpoint?.Url ?? configuration["ASPNETCORE_URLS"]?.Split(';')[0];
    }
}
