using System.Diagnostics.Metrics;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Counts the excluded requests by pattern and status code, so that a failing probe stays visible.</summary>
internal sealed class ExcludedRequestsCounter
{
    public const string MeterName = "Aspire.RouteTracing";

    // Tags are objects. Boxed once, so that counting doesn't allocate.
    private static readonly object[] StatusCodes = [.. Enumerable.Range(0, 600).Select(code => (object)code)];

    private readonly Counter<long> _requests;

    public ExcludedRequestsCounter(IMeterFactory meters)
    {
        _requests = meters.Create(MeterName).CreateCounter<long>(
            "aspire.route_tracing.excluded_requests",
            unit: "{request}",
            description: "Number of HTTP server requests that were excluded from the traces.");
    }

    public void Add(string pattern, int statusCode)
    {
        if (_requests.Enabled)
        {
            _requests.Add(
                1,
                new KeyValuePair<string, object?>("aspire.route_tracing.pattern", pattern),
                new KeyValuePair<string, object?>(
                    "http.response.status_code", statusCode is >= 0 and < 600 ? StatusCodes[statusCode] : statusCode));
        }
    }
}
