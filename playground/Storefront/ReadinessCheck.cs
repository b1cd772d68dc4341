using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Storefront;

/// <summary>
/// The storefront is ready when the services behind it are. Probes that call other probes make most of the noise: a Filter that rejects
/// the first probe keeps the spans of the calls that it makes.
/// </summary>
public sealed class ReadinessCheck(HttpClient http) : IHealthCheck
{
    private static readonly string[] Services = ["orders", "catalog"];

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        foreach (var service in Services)
        {
            using var response = await http.GetAsync($"http://{service}/readyz", cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return HealthCheckResult.Unhealthy($"{service} answered {(int)response.StatusCode}.");
            }
        }

        return HealthCheckResult.Healthy();
    }
}
