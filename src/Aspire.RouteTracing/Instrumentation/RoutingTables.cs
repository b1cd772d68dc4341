using System.Runtime.CompilerServices;
using Aspire.RouteTracing.RouteNames;
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
internal sealed class RoutingTables(ConfiguredPathBases pathBases, EndpointDataSource? endpoints = null)
{
    // An entry lives as long as its endpoint, because sources such as a reloaded proxy configuration replace their endpoints.
    private readonly ConditionalWeakTable<RouteEndpoint, Table> _endpoints = [];

    // First read after the start, when the application has mapped its endpoints.
    private readonly Lazy<bool> _haveEndpoints = new(
        () => endpoints is CompositeEndpointDataSource composite ? composite.DataSources.Any() : endpoints is not null);

    // Several tables can be built at the same time, each on one thread.
    [ThreadStatic]
    private static Table? _building;

    private int _version;

    /// <summary>
    /// Raised on the thread of a request when a table has been built, or its branch is known. Handlers must be fast and must not throw.
    /// </summary>
    public event Action? Built;

    /// <summary>Gets whether the application has endpoints that aren't known yet, because no request has reached routing.</summary>
    public bool AreMissing => Version == 0 && _haveEndpoints.Value;

    /// <summary>Gets how often <see cref="Built"/> was raised.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Gets the endpoints with a route and their tables. Those that the application has replaced stay for a while.</summary>
    public IEnumerable<KeyValuePair<RouteEndpoint, Table>> Endpoints => _endpoints;

    /// <summary>Called with the endpoints of each node of the tables.</summary>
    public void Add(IReadOnlyList<Endpoint> endpoints)
    {
        var table = _building is { IsComplete: false } building ? building : _building = new Table();
        foreach (var endpoint in endpoints.OfType<RouteEndpoint>())
        {
            _endpoints.TryAdd(endpoint, table);
        }
    }

    /// <summary>Called for each node, after the endpoints of all nodes have been added.</summary>
    public Table Complete()
    {
        var table = _building!;
        if (!table.IsComplete)
        {
            table.IsComplete = true;
            OnBuilt();
        }

        return table;
    }

    /// <summary>Called for a request that a table matches. The first path base of a request shows which branch the table is in.</summary>
    public void OnMatching(Table table, PathString pathBase)
    {
        if (pathBase.HasValue && !table.HasPathBase)
        {
            table.HasPathBase = true;
            if (pathBases.FindBranch(pathBase.Value) is { } branch)
            {
                table.Branch = branch;
                OnBuilt();
            }
        }
    }

    private void OnBuilt()
    {
        Interlocked.Increment(ref _version);
        Built?.Invoke();
    }

    /// <summary>The table of one <c>UseRouting</c>.</summary>
    public sealed class Table
    {
        public bool IsComplete { get; set; }

        public bool HasPathBase { get; set; }

        /// <summary>Gets or sets the path of the <c>Map</c> branch that the table is in, if any.</summary>
        public string? Branch { get; set; }
    }
}
