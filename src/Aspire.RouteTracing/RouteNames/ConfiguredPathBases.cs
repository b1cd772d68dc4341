using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder.Extensions;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>
/// Knows the path bases that the pipeline is built with, of <c>UsePathBase</c> and <c>Map</c>, in the casing of the code. A request has them in the casing of
/// its URL.
/// </summary>
internal sealed class ConfiguredPathBases
{
    // Bounds the search in a pipeline that holds on to more than its middleware.
    private const int MaxParts = 10_000;

    private Lazy<List<PathString>>? _pathBases;

    /// <summary>Sets the pipeline to search. It is searched when the first request has a path base.</summary>
    public void SearchIn(RequestDelegate pipeline) => _pathBases = new(() => Search(pipeline));

    /// <summary>Gets a request's path base as the pipeline is built with it.</summary>
    /// <returns><see langword="null"/> if some part of it is not known, because a client or code of the application can invent it.</returns>
    public string? Find(PathString pathBase)
    {
        if (_pathBases is null)
        {
            return null;
        }

        var configured = PathString.Empty;
        while (pathBase.HasValue)
        {
            var part = _pathBases.Value.Find(part => pathBase.StartsWithSegments(part));
            if (!part.HasValue)
            {
                return null;
            }

            configured = configured.Add(part);
            pathBase = pathBase.Value[part.Value.Length..];
        }

        return configured.Value;
    }

    // Each middleware holds the delegate of the next one in a field, or in the closure of a lambda.
    private static List<PathString> Search(RequestDelegate pipeline)
    {
        var found = new List<PathString>();
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance) { pipeline };
        var parts = new Queue<object>(seen);
        while (parts.TryDequeue(out var part) && seen.Count < MaxParts)
        {
            if (part is MapOptions { PreserveMatchedPathSegment: false, PathMatch: { HasValue: true } branch })
            {
                found.Add(branch);
            }

            foreach (var next in part is Delegate { Target: var target } ? [target] : FieldsOf(part))
            {
                if (next is PathString { HasValue: true } pathBase && part is UsePathBaseMiddleware)
                {
                    found.Add(pathBase);
                }
                else if (next is not null && seen.Add(next))
                {
                    parts.Enqueue(next);
                }
            }
        }

        // The longest first: /app/admin before /app.
        found.Sort((one, other) => other.Value!.Length.CompareTo(one.Value!.Length));
        return found;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Where fields are trimmed, path bases have the casing in which they are seen first.")]
    private static IEnumerable<object?> FieldsOf(object part)
    {
        var isClosure = part.GetType().IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);
        for (var type = part.GetType(); type != typeof(object) && type is not null; type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (isClosure ? field.FieldType.IsClass && field.FieldType != typeof(string) : IsPartOfPipeline(field.FieldType))
                {
                    yield return field.GetValue(part);
                }
            }
        }
    }

    private static bool IsPartOfPipeline(Type type)
        => type == typeof(PathString) || type == typeof(MapOptions) || type == typeof(MapWhenOptions) || typeof(Delegate).IsAssignableFrom(type);
}
