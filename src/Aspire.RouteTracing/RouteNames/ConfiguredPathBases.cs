using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder.Extensions;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>
/// Knows the path bases that the pipeline is built with, of <c>UsePathBase</c> and <c>Map</c>, in the casing of the code. A request has
/// them in the casing of its URL.
/// </summary>
internal sealed class ConfiguredPathBases
{
    private Lazy<HashSet<string>>? _pathBases;

    /// <summary>Sets the pipeline to search. It is searched when the first request has a path base.</summary>
    public void SearchIn(RequestDelegate pipeline) => _pathBases = new(() => new PipelineSearch().Run(pipeline));

    /// <summary>Gets a request's path base as the pipeline is built with it.</summary>
    /// <returns><see langword="null"/> if the pipeline is built without it: a client or code of the application can invent it.</returns>
    public string? Find(string pathBase) => _pathBases?.Value.TryGetValue(pathBase, out var configured) == true ? configured : null;

    /// <summary>
    /// Follows the middleware of a pipeline. Each one holds the delegate of the next one in a field, or in the closure of a lambda.
    /// </summary>
    private sealed class PipelineSearch
    {
        // Bounds the search in a pipeline that holds on to more than its middleware.
        private const int MaxParts = 10_000;

        private readonly HashSet<string> _found = new(StringComparer.OrdinalIgnoreCase);
        private readonly Dictionary<string, HashSet<object>> _seen = [];
        private readonly Queue<(object Part, string PathBase)> _parts = [];

        public HashSet<string> Run(RequestDelegate pipeline)
        {
            Follow(pipeline, "");
            for (var i = 0; i < MaxParts && _parts.TryDequeue(out var next); i++)
            {
                try
                {
                    Visit(next.Part, next.PathBase);
                }
                catch (Exception exception) when (
                    exception is IOException or BadImageFormatException or TypeLoadException or MissingFieldException)
                {
                    // The type of a field is in a missing assembly, or the framework's field has another name. The other parts are
                    // searched.
                }
            }

            return _found;
        }

        private void Follow(object? part, string pathBase)
        {
            if (!_seen.TryGetValue(pathBase, out var seen))
            {
                _seen[pathBase] = seen = new(ReferenceEqualityComparer.Instance);
            }

            if (part is not null && seen.Add(part))
            {
                _parts.Enqueue((part, pathBase));
            }
        }

        private void Visit(object part, string pathBase)
        {
            switch (part)
            {
                case Delegate { Target: var target }:
                    Follow(target, pathBase);
                    break;
                case MapOptions { PreserveMatchedPathSegment: true, Branch: var branch }:
                    Follow(branch, pathBase);
                    break;
                case MapOptions { PathMatch: var match, Branch: var branch }:
                    _found.Add(pathBase + match.Value);
                    Follow(branch, pathBase + match.Value);
                    break;
                case UsePathBaseMiddleware middleware:
                    // What follows runs with it and without it.
                    var added = pathBase + PathBaseOf(middleware).Value;
                    _found.Add(added);
                    FollowFields(part, pathBase);
                    FollowFields(part, added);
                    break;
                default:
                    FollowFields(part, pathBase);
                    break;
            }
        }

        [UnconditionalSuppressMessage(
            "Trimming", "IL2075", Justification = "A path base that is not found has the casing in which it is seen first.")]
        private void FollowFields(object part, string pathBase)
        {
            var isClosure = part.GetType().IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);
            for (var type = part.GetType(); type is not null && type != typeof(object); type = type.BaseType)
            {
                foreach (var field in type.GetFields(
                    BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                {
                    if (isClosure ? field.FieldType.IsClass && field.FieldType != typeof(string) : LeadsOn(field.FieldType))
                    {
                        Follow(field.GetValue(part), pathBase);
                    }
                }
            }
        }

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_pathBase")]
        private static extern ref PathString PathBaseOf(UsePathBaseMiddleware middleware);

        private static bool LeadsOn(Type type) =>
            typeof(Delegate).IsAssignableFrom(type) || type == typeof(MapOptions) || type == typeof(MapWhenOptions);
    }
}
