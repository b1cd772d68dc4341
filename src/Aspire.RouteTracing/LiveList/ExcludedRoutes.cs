using System.Globalization;
using System.Text;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Instrumentation;
using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Aspire.RouteTracing.LiveList;

/// <summary>Finds the routes of the application that an exclusion list excludes, by searching sample URLs of the routes.</summary>
internal sealed class ExcludedRoutes(RouteNaming naming, ConfiguredPathBases pathBases, RoutingTables tables)
{
    // Each item is searched in every route. Longer lists are searched as a whole.
    private const int MaxItems = 1_000;

    // A number, a word and a GUID satisfy the usual constraints of parameters.
    private static readonly string[] SampleValues = ["1", "a", "00000000-0000-0000-0000-000000000000"];

    /// <param name="list">The list.</param>
    /// <param name="count">The number of routes in the tables of routing, or 0 for an empty list.</param>
    /// <param name="unmatched">
    /// The items that are searched in the path and match no sample URL. Empty for a list of more than 1,000 items.
    /// </param>
    /// <returns>The excluded routes, such as <c>GET /health</c>.</returns>
    public IReadOnlyList<string> Find(ExclusionList list, out int count, out IReadOnlyList<string> unmatched)
    {
        var routes = list.Current.Count > 0 ? GetRoutes() : [];
        count = routes.Count;
        if (list.Current.Count > MaxItems)
        {
            unmatched = [];
            return FindRoutes(routes, list.Current, list.MatchesFullUrl);
        }

        // Each item is searched on its own, because a search of the list stops at the first item that matches.
        var excluded = new HashSet<string>(StringComparer.Ordinal);
        var unmatchedItems = new List<string>();
        foreach (var item in list.Current)
        {
            var matched = FindRoutes(routes, [item], list.MatchesFullUrl);
            excluded.UnionWith(matched);
            if (matched.Length == 0 && !list.MatchesFullUrl && !ExclusionPattern.NamesFullUrl(item.Pattern))
            {
                unmatchedItems.Add(item.Pattern);
            }
        }

        unmatched = unmatchedItems;
        return [.. routes.Keys.Where(excluded.Contains)];
    }

    // Compiles the items again, because the list remembers the URLs that it excludes, and disables items that time out.
    private static string[] FindRoutes(Dictionary<string, string[]> routes, IReadOnlyList<UrlExclusion> items, bool matchFullUrl)
    {
        if (routes.Count == 0)
        {
            return [];
        }

        var matcher = ExclusionMatcher.Build([.. items.Select(item => item.Pattern)], matchFullUrl, out _);
        return
        [
            .. routes.Keys.Where(route => Array.Exists(
                routes[route], path => matcher.Find(new RequestUrl { Scheme = "http", Host = "localhost", Path = path }) >= 0)),
        ];
    }

    // By method and template, with sample paths.
    private Dictionary<string, string[]> GetRoutes()
    {
        var routes = new Dictionary<string, string[]>(StringComparer.Ordinal);

        // A path base applies to every route, also to requests without it. The path of a branch is part of the name.
        string[] bases = ["", .. pathBases.OfApplication];
        foreach (var (endpoint, table) in tables.Endpoints)
        {
            var named = naming.Name(endpoint, RouteTemplateFormat.Template, table.Branch);
            if (named.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route is not { } route)
            {
                continue;
            }

            var methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];
            var segments = Parse(route, endpoint).PathSegments;
            string[] samples = [.. SampleValues.Select(value => CreatePath(segments, value)).Distinct(StringComparer.Ordinal)];
            string[] paths = [.. bases.SelectMany(pathBase => samples.Select(sample => pathBase + sample))];
            foreach (var name in methods.Count == 0 ? [route] : methods.Select(method => $"{method} {route}"))
            {
                routes[name] = paths;
            }
        }

        return routes;
    }

    // The name has the controller and the action of a conventional route. A name that code gives can be any text.
    private static RoutePattern Parse(string name, RouteEndpoint endpoint)
    {
        try
        {
            return RoutePatternFactory.Parse(name);
        }
        catch (RoutePatternException)
        {
            return endpoint.RoutePattern;
        }
    }

    private static string CreatePath(IReadOnlyList<RoutePatternPathSegment> segments, string value)
    {
        var path = new StringBuilder();
        foreach (var segment in segments.TakeWhile(segment => segment.Parts[0] is not RoutePatternParameterPart { IsOptional: true }))
        {
            path.Append('/');
            foreach (var part in segment.Parts)
            {
                path.Append(part switch
                {
                    RoutePatternLiteralPart literal => literal.Content,
                    RoutePatternSeparatorPart separator => separator.Content,
                    RoutePatternParameterPart { Default: { } fixedValue } => Convert.ToString(fixedValue, CultureInfo.InvariantCulture),
                    _ => value,
                });
            }
        }

        return path.Length == 0 ? "/" : path.ToString();
    }
}
