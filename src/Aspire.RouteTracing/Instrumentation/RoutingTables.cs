using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Aspire.RouteTracing.Instrumentation;

/// <summary>
/// The endpoints in the tables of routing. Each <c>UseRouting</c> builds its table at its first request, and again when the endpoints
/// change.
/// </summary>
/// <remarks>
/// Reading the endpoints of the container's <see cref="EndpointDataSource"/> instead would create each of them a second time, with the
/// application's conventions.
/// </remarks>
internal sealed class RoutingTables(EndpointDataSource? endpoints = null)
{
    // An entry lives as long as its endpoint, because sources such as a reloaded proxy configuration replace their endpoints.
    private readonly ConditionalWeakTable<RouteEndpoint, object> _endpoints = [];

    // First read after the start, when the application has mapped its endpoints.
    private readonly Lazy<bool> _haveEndpoints = new(
        () => endpoints is CompositeEndpointDataSource composite ? composite.DataSources.Any() : endpoints is not null);

    private int _version;
    private bool _isComplete;

    /// <summary>Raised by the request for which the tables have been built. Handlers must be fast and must not throw.</summary>
    public event Action? Built;

    /// <summary>Gets whether the application uses routing. A worker doesn't.</summary>
    public bool AreUsed => endpoints is not null;

    /// <summary>Gets whether the application has endpoints that aren't known yet, because there was no request.</summary>
    public bool AreMissing => Volatile.Read(ref _version) == 0 && _haveEndpoints.Value;

    /// <summary>Gets how often the tables have been built.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Gets the endpoints with a route. Those that the application has replaced are included for a while.</summary>
    public IEnumerable<RouteEndpoint> Endpoints => _endpoints.Select(entry => entry.Key);

    /// <summary>Called with the endpoints of each node of the tables.</summary>
    public void Add(IReadOnlyList<Endpoint> endpoints)
    {
        foreach (var endpoint in endpoints.OfType<RouteEndpoint>())
        {
            _endpoints.TryAdd(endpoint, endpoint);
        }

        // Afterwards, because another branch can complete its tables at the same time.
        Volatile.Write(ref _isComplete, false);
    }

    /// <summary>Called for each node, after the endpoints of all nodes have been added.</summary>
    public void Complete()
    {
        if (!Interlocked.Exchange(ref _isComplete, true))
        {
            Interlocked.Increment(ref _version);
            Built?.Invoke();
        }
    }
}
