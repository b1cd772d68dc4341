using Aspire.Hosting.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.LiveExclusions;

/// <summary>The list of a resource in a run: what code and environment say, or what was edited in its place.</summary>
internal sealed class LiveList
{
    private const string EditedSource = "the list edited in this run";

    private volatile IReadOnlyList<ListedUrl> _declared = [];
    private volatile IReadOnlyList<string>? _edited;

    /// <summary>What stands in the place of the declared list; <see langword="null"/> while nothing does.</summary>
    public IReadOnlyList<string>? Edited => _edited;

    public IReadOnlyList<ListedUrl> InForce => _edited is { } edited ? [.. edited.Select(pattern => new ListedUrl(pattern, EditedSource))] : _declared;

    public IReadOnlyList<string> Patterns => [.. InForce.Select(url => url.Pattern)];

    public void Declare(IReadOnlyList<ListedUrl> urls) => _declared = urls;

    public void Edit(IReadOnlyList<string> patterns) => _edited = patterns;

    public void Reset() => _edited = null;
}
