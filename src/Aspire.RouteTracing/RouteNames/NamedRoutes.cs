using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>The names of the routes in one format: the path base (of UsePathBase, or of a Map branch) and the template.</summary>
internal sealed class NamedRoutes(RouteTemplateFormat format, ExcludedUrls.EndpointExclusion? exclusion = null)
{
    // An application may take path bases from the URL, one for each tenant. Those past the limit are left out of the name, which has to
    // have few values.
    private const int MaxPathBases = 100;

    // The path base has the client's casing; the one seen first stands for all.
    private readonly ConcurrentDictionary<string, NamedEndpoints> _underPathBases = new(StringComparer.OrdinalIgnoreCase);
    private readonly NamedEndpoints _underNone = new("", format, exclusion!);
    private volatile bool _isFull;

    public NamedEndpoint Get(Endpoint endpoint, PathString pathBase)
        => (pathBase.HasValue ? Under(pathBase.Value) : _underNone).Get(endpoint);

    private NamedEndpoints Under(string pathBase)
    {
        if (_underPathBases.TryGetValue(pathBase, out var endpoints))
        {
            return endpoints;
        }

        if (_isFull)
        {
            return _underNone;
        }

        // Taken for each path base once, for the dictionary's own count takes all of its locks.
        lock (_underPathBases)
        {
            _isFull = _underPathBases.Count >= MaxPathBases;
            return _isFull && !_underPathBases.ContainsKey(pathBase)
                ? _underNone
                : _underPathBases.GetOrAdd(pathBase, (pathBase) => new NamedEndpoints(pathBase, format, exclusion));
        }
    }
}
