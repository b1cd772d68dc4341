using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Orders;

public sealed class OrderBookCheck(OrderBook book) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        book.Ping();
        return Task.FromResult(HealthCheckResult.Healthy());
    }
}
