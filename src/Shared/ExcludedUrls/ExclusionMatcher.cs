using System.Buffers;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// One exclusion list, compiled: tells which of its items excludes a URL, if any. For use by any number of threads. Immutable, apart from
/// what it remembers about paths, and from items that are put out of force because searching for them takes too long.
/// </summary>
internal sealed class ExclusionMatcher
{
    /// <summary>The number of items that a list can have.</summary>
    public const int MaxItems = 10_000;

    private const int StackBufferLength = 256;

    private readonly PatternSet _forPath;
    private readonly PatternSet _forFullUrl;
    private readonly Action<int>? _onOutOfForce;
    private DecisionCache _decisions = new();

    private ExclusionMatcher(
        IReadOnlyList<string> items,
        bool matchFullUrl,
        List<ExclusionProblem> problems,
        Action<int>? onOutOfForce)
    {
        _onOutOfForce = onOutOfForce;
        var forPath = new List<(int, string)>();
        var forFullUrl = new List<(int, string)>();
        for (var i = 0; i < Math.Min(items.Count, MaxItems); i++)
        {
            (matchFullUrl || ExclusionPattern.NamesFullUrl(items[i]) ? forFullUrl : forPath).Add((i, items[i]));
        }

        _forPath = Compile(forPath, problems);
        _forFullUrl = Compile(forFullUrl, problems);
        IsForPath = _forFullUrl.IsEmpty;
        IsEmpty = IsForPath && _forPath.IsEmpty;
    }

    /// <summary>A list without items.</summary>
    public static ExclusionMatcher Empty { get; } = new([], false, [], null);

    /// <summary>Whether no item is in the list.</summary>
    public bool IsEmpty { get; }

    /// <summary>Whether no item is searched in more than the path.</summary>
    public bool IsForPath { get; }

    /// <summary>Compiles a list.</summary>
    /// <param name="items">One regular expression each. Blank ones count as absent.</param>
    /// <param name="matchFullUrl">Whether every item is searched in the whole URL, not only those that contain <c>://</c>.</param>
    /// <param name="problems">
    /// The items that are left out because they are no regular expressions, and those that can't be searched in linear time, in order. A
    /// list of more than <see cref="MaxItems"/> items has one more problem, at the first item that is left out for that reason.
    /// </param>
    /// <param name="onOutOfForce">
    /// Called once for each item that is put out of force, with its index, by the request that found out. Must not throw.
    /// </param>
    public static ExclusionMatcher Build(
        IReadOnlyList<string> items,
        bool matchFullUrl,
        out IReadOnlyList<ExclusionProblem> problems,
        Action<int>? onOutOfForce = null)
    {
        var found = new List<ExclusionProblem>();
        var matcher = new ExclusionMatcher(items, matchFullUrl, found, onOutOfForce);
        if (items.Count > MaxItems)
        {
            found.Add(new ExclusionProblem(
                MaxItems,
                ExclusionProblemKind.TooMany,
                $"The list has {items.Count} items and can have {MaxItems}."));
        }

        found.Sort((x, y) => x.Index.CompareTo(y.Index));
        problems = found;
        return matcher;
    }

    /// <summary>The index of the first item that matches, or -1.</summary>
    public int Find(in RequestUrl url)
    {
        var inPath = _forPath.IsEmpty ? -1 : FindInPath(url.PathBase, url.Path);
        if (_forFullUrl.IsEmpty || (inPath >= 0 && inPath < _forFullUrl.FirstIndex))
        {
            return inPath;
        }

        var inFullUrl = FindInFullUrl(url);
        return inPath < 0 || (inFullUrl >= 0 && inFullUrl < inPath) ? inFullUrl : inPath;
    }

    /// <summary>The index of the first item that is searched in the path and matches this one, or -1.</summary>
    public int FindInPath(ReadOnlySpan<char> pathBase, ReadOnlySpan<char> path)
        => pathBase.IsEmpty ? FindInPath(path) : FindInJoinedPath(pathBase, path);

    /// <summary>The index of the first item that is searched in the whole URL and matches this text, or -1.</summary>
    internal int FindInFullUrl(ReadOnlySpan<char> text) => _forFullUrl.Find(text, out _);

    private int FindInFullUrl(in RequestUrl url)
    {
        char[]? rented = null;
        var length = url.FullUrlLength;
        var buffer = length <= StackBufferLength ? stackalloc char[StackBufferLength] : rented = ArrayPool<char>.Shared.Rent(length);
        url.CopyFullUrlTo(buffer);
        var index = FindInFullUrl(buffer[..length]);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return index;
    }

    private int FindInJoinedPath(ReadOnlySpan<char> pathBase, ReadOnlySpan<char> path)
    {
        char[]? rented = null;
        var length = pathBase.Length + path.Length;
        var buffer = length <= StackBufferLength ? stackalloc char[StackBufferLength] : rented = ArrayPool<char>.Shared.Rent(length);
        pathBase.CopyTo(buffer);
        path.CopyTo(buffer[pathBase.Length..]);
        var index = FindInPath(buffer[..length]);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return index;
    }

    private int FindInPath(ReadOnlySpan<char> path)
    {
        var newPaths = NewPathStreak.OfThisThread;
        if (path.Length > DecisionCache.MaxPathLength || (_forPath.IsLinear && newPaths.SkipsNext()))
        {
            return _forPath.Find(path, out _);
        }

        var decisions = _decisions;
        if (decisions.TryGet(path, out var hash, out var index))
        {
            newPaths.End();
            return index;
        }

        index = _forPath.Find(path, out var timedOut);
        if (!timedOut && decisions.Add(path, hash, index))
        {
            newPaths.End();
        }

        return index;
    }

    private PatternSet Compile(List<(int Index, string Text)> items, List<ExclusionProblem> problems)
    {
        var literals = new List<LiteralPattern>();
        var patterns = new List<ExclusionPattern>();
        foreach (var (index, text) in items)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                continue;
            }

            if (LiteralPattern.TryCreate(index, text, out var literal))
            {
                literals.Add(literal);
            }
            else if (ExclusionPattern.TryCreate(index, text, out var pattern, out var reason))
            {
                patterns.Add(pattern);
            }
            else
            {
                problems.Add(new ExclusionProblem(index, ExclusionProblemKind.Invalid, reason));
            }
        }

        var set = new PatternSet(literals, patterns, PutOutOfForce, out var refused);
        problems.AddRange(refused.Select(item => new ExclusionProblem(item.Pattern.Index, ExclusionProblemKind.Backtracks, item.Reason)));
        return set;
    }

    private void PutOutOfForce(int index)
    {
        // Decisions for this item no longer hold. A request that is being decided adds to the cache that it looked into, the old one.
        _decisions = new DecisionCache();
        _onOutOfForce?.Invoke(index);
    }
}
