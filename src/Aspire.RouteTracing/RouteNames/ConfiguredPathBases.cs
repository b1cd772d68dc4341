using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder.Extensions;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>
/// Finds the path bases of <c>UsePathBase</c> and <c>Map</c> in the casing of the code, because a request has them in the casing of its
/// URL.
/// </summary>
internal sealed class ConfiguredPathBases
{
    private Lazy<PipelineSearch>? _search;

    /// <summary>Gets whether the application has a pipeline. A worker has none.</summary>
    public bool HavePipeline => _search is not null;

    /// <summary>Gets the path bases that all routes of the application can have: those of <c>UsePathBase</c> outside of branches.</summary>
    public IReadOnlyCollection<string> OfApplication => _search?.Value.OfApplication ?? [];

    /// <summary>Sets the pipeline, which is searched when a request has a path base, or for the report of the list.</summary>
    public void SetPipeline(RequestDelegate pipeline) => _search = new(() => new PipelineSearch(pipeline));

    /// <summary>Returns a request's path base in the casing of the code.</summary>
    /// <returns>The path base, or <see langword="null"/> if the pipeline doesn't configure it.</returns>
    public string? Find(string pathBase) => _search?.Value.Found.TryGetValue(pathBase, out var configured) == true ? configured : null;

    /// <summary>
    /// Returns the path of the <c>Map</c> branch in a request's path base, in the casing of the code, or <see langword="null"/> if it isn't
    /// in a branch.
    /// </summary>
    public string? FindBranch(string pathBase) => WithoutPathBases(Find(pathBase)) is { HasValue: true } branch ? branch.Value : null;

    // A request can have path bases of the application in front of its branch.
    private PathString WithoutPathBases(PathString configured)
    {
        foreach (var pathBase in OfApplication)
        {
            if (configured.StartsWithSegments(pathBase, out var rest))
            {
                return WithoutPathBases(rest);
            }
        }

        return configured;
    }

    /// <summary>
    /// Follows the middleware of a pipeline. Each one has the delegate of the next one in a field or in the closure of a lambda.
    /// </summary>
    private sealed class PipelineSearch
    {
        // Limits the search if the pipeline references other objects.
        private const int MaxParts = 10_000;

        private readonly Dictionary<string, HashSet<object>> _seen = [];
        private readonly Queue<(object Part, string PathBase)> _parts = [];

        public PipelineSearch(RequestDelegate pipeline)
        {
            Follow(pipeline, "");
            for (var i = 0; i < MaxParts && _parts.TryDequeue(out var next); i++)
            {
                try
                {
                    Visit(next.Part, next.PathBase);
                }
                catch (Exception)
                {
                    // The type of a field is in a missing assembly, or the framework renamed its field. The search continues: a path base
                    // that isn't found has the casing of the first request.
                }
            }
        }

        public HashSet<string> Found { get; } = new(StringComparer.OrdinalIgnoreCase);

        public List<string> OfApplication { get; } = [];

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
                    Found.Add(pathBase + match.Value);
                    Follow(branch, pathBase + match.Value);
                    break;
                case UsePathBaseMiddleware middleware:
                    // The next middleware runs with and without the path base.
                    var added = pathBase + PathBaseOf(middleware).Value;
                    Found.Add(added);
                    if (pathBase.Length == 0)
                    {
                        OfApplication.Add(added);
                    }

                    FollowFields(part, pathBase);
                    FollowFields(part, added);
                    break;
                default:
                    FollowFields(part, pathBase);
                    break;
            }
        }

        [UnconditionalSuppressMessage(
            "Trimming", "IL2075", Justification = "A path base that isn't found has the casing of the first request.")]
        private void FollowFields(object part, string pathBase)
        {
            var isClosure = part.GetType().IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);
            for (var type = part.GetType(); type is not null && type != typeof(object); type = type.BaseType)
            {
                foreach (var field in type.GetFields(
                    BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                {
                    if (isClosure ? field.FieldType.IsClass && field.FieldType != typeof(string) : CanHoldMiddleware(field.FieldType))
                    {
                        Follow(field.GetValue(part), pathBase);
                    }
                }
            }
        }

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_pathBase")]
        private static extern ref PathString PathBaseOf(UsePathBaseMiddleware middleware);

        private static bool CanHoldMiddleware(Type type) =>
            typeof(Delegate).IsAssignableFrom(type) || type == typeof(MapOptions) || type == typeof(MapWhenOptions);
    }
}
