using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>One exclusion list, compiled.</summary>
internal sealed class ExclusionMatcher
{
    private readonly (int Index, Regex Regex, bool FullUrl)[] _patterns;

    private ExclusionMatcher((int Index, Regex Regex, bool FullUrl)[] patterns) => _patterns = patterns;

    public static ExclusionMatcher Empty { get; } = new([]);

    public bool IsEmpty => _patterns.Length == 0;

    public static ExclusionMatcher Build(
        IReadOnlyList<string> items,
        bool matchFullUrl,
        out IReadOnlyList<ExclusionProblem> problems,
        Action<int>? onOutOfForce = null)
    {
        var found = new List<ExclusionProblem>();
        var patterns = new List<(int, Regex, bool)>();
        for (var i = 0; i < items.Count; i++)
        {
            var fullUrl = matchFullUrl || items[i].Contains("://", StringComparison.Ordinal);
            if (!ExclusionPattern.Validate(items[i], out var reason))
            {
                found.Add(new ExclusionProblem(i, ExclusionProblemKind.Invalid, reason));
                continue;
            }

            try
            {
                patterns.Add((i, new Regex(items[i], RegexOptions.CultureInvariant | RegexOptions.NonBacktracking), fullUrl));
            }
            catch (NotSupportedException exception)
            {
                found.Add(new ExclusionProblem(i, ExclusionProblemKind.Backtracks, exception.Message));
                patterns.Add((i, new Regex(items[i], RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(10)), fullUrl));
            }
        }

        problems = found;
        return new ExclusionMatcher([.. patterns]);
    }

    public int Find(in RequestUrl url)
    {
        var path = string.Concat(url.PathBase, url.Path);
        var full = string.Concat(url.Scheme, url.Scheme.IsEmpty ? "" : "://", string.Concat(url.Host, path), url.Query);
        foreach (var (index, regex, fullUrl) in _patterns)
        {
            try
            {
                if (regex.IsMatch(fullUrl ? full : path))
                {
                    return index;
                }
            }
            catch (RegexMatchTimeoutException)
            {
                continue;
            }
        }

        return -1;
    }
}
