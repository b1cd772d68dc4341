using System.Buffers;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// A compiled exclusion list, which finds the item that excludes a URL. Thread-safe. Immutable except for the URLs that it remembers,
/// the items that are disabled because their searches time out or fail, and automata that become too large.
/// </summary>
internal sealed class ExclusionMatcher
{
    /// <summary>The maximum number of items.</summary>
    public const int MaxItems = 10_000;

    private const int StackBufferLength = 256;

    private readonly PatternSet _forPath;
    private readonly PatternSet _forFullUrl;
    private readonly int _firstForFullUrl;

    private ExclusionMatcher(List<ExclusionPattern> forPath, List<ExclusionPattern> forFullUrl)
    {
        (_forPath, _forFullUrl) = (new PatternSet(forPath), new PatternSet(forFullUrl));
        _firstForFullUrl = forFullUrl.Count == 0 ? int.MaxValue : forFullUrl[0].Index;
        IsForPath = forFullUrl.Count == 0;
        IsEmpty = IsForPath && forPath.Count == 0;
    }

    /// <summary>Gets a list without items.</summary>
    public static ExclusionMatcher Empty { get; } = new([], []);

    /// <summary>Gets whether the list has no item.</summary>
    public bool IsEmpty { get; }

    /// <summary>Gets whether every item is searched in the path.</summary>
    public bool IsForPath { get; }

    /// <summary>Compiles a list.</summary>
    /// <param name="items">The regular expressions. Blank ones are ignored, and those after the first <see cref="MaxItems"/>.</param>
    /// <param name="matchFullUrl">Whether every item is searched in the whole URL, not only those that contain <c>://</c>.</param>
    /// <param name="problems">
    /// The items that are ignored because they are invalid, and those that can't be searched in linear time, in order.
    /// </param>
    /// <param name="onDisabled">
    /// Called with the index of an item that is disabled, once, by the request whose search timed out or failed last. Must not
    /// throw.
    /// </param>
    /// <param name="onAutomataDropped">Called once if the automata exceed <see cref="Automata.MaxBytes"/>. Must not throw.</param>
    public static ExclusionMatcher Build(
        IReadOnlyList<string> items,
        bool matchFullUrl,
        out IReadOnlyList<Problem> problems,
        Action<int>? onDisabled = null,
        Action? onAutomataDropped = null)
    {
        var found = new List<Problem>();
        var forPath = new List<ExclusionPattern>();
        var forFullUrl = new List<ExclusionPattern>();
        var count = Math.Min(items.Count, MaxItems);
        var automata = new Automata(count, onAutomataDropped);
        var sequences = new SequenceReader();
        for (var index = 0; index < count; index++)
        {
            var item = items[index];
            if (string.IsNullOrWhiteSpace(item))
            {
                continue;
            }

            var patterns = matchFullUrl || ExclusionPattern.NamesFullUrl(item) ? forFullUrl : forPath;
            if (sequences.Read(index, item, out var tokens) is { } read)
            {
                patterns.AddRange(read);
            }
            else if (!ExclusionPattern.Validate(item, out var reason))
            {
                found.Add(new Problem(index, IsIgnored: true, reason));
            }
            else
            {
                var obstacle = Automata.FindObstacle(tokens);
                if (obstacle is not null)
                {
                    found.Add(new Problem(index, IsIgnored: false, obstacle));
                }

                var required = RequiredText.FindAll(tokens);
                patterns.Add(new RegexPattern(index, item, required, obstacle is null ? automata : null, onDisabled));
            }
        }

        problems = found;
        return new ExclusionMatcher(forPath, forFullUrl);
    }

    /// <summary>Returns the index of the first item that matches, or -1.</summary>
    public int Find(in RequestUrl url)
    {
        var inPath = FindInPath(url.PathBase, url.Path);
        if (IsForPath || (inPath >= 0 && inPath < _firstForFullUrl))
        {
            return inPath;
        }

        // As an unsigned number, -1 is the highest.
        return (int)Math.Min((uint)inPath, (uint)FindInJoined(_forFullUrl, url));
    }

    /// <summary>Returns the index of the first item that is searched in the path and matches this one, or -1.</summary>
    public int FindInPath(ReadOnlySpan<char> pathBase, ReadOnlySpan<char> path) =>
        pathBase.IsEmpty
            ? _forPath.Find(path)
            : FindInJoined(_forPath, new RequestUrl { PathBase = pathBase, Path = path });

    private static int FindInJoined(PatternSet patterns, in RequestUrl url)
    {
        char[]? rented = null;
        var length = url.FullUrlLength;
        var buffer = length <= StackBufferLength ? stackalloc char[StackBufferLength] : rented = ArrayPool<char>.Shared.Rent(length);
        url.CopyFullUrlTo(buffer);
        var index = patterns.Find(buffer[..length]);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return index;
    }

    /// <summary>A problem with one item of an exclusion list.</summary>
    /// <param name="Index">The item's position in the list, from 0.</param>
    /// <param name="IsIgnored">
    /// Whether the item is ignored, because it is not a .NET regular expression or too long. Otherwise, it can't be searched in linear
    /// time, so each search is limited to two attempts of 10 ms.
    /// </param>
    /// <param name="Reason">What is wrong, as a sentence.</param>
    public sealed record Problem(int Index, bool IsIgnored, string Reason);
}
