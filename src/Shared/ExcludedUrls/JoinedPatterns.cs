using System.Text;
using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Items joined into one automaton, which reads a URL once, in time linear in its length, whatever the items and the URL.</summary>
internal sealed class JoinedPatterns
{
    /// <summary>
    /// How many items to try to join at first. .NET refuses an automaton of more than 10,000 nodes, and larger tries that fail cost more
    /// than they gain.
    /// </summary>
    private const int MaxCount = 512;

    private const RegexOptions Linear = RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    private readonly Regex _automaton;
    private readonly JoinedPattern[] _patterns;

    private JoinedPatterns(Regex automaton, ReadOnlySpan<ExclusionPattern> patterns)
    {
        _automaton = automaton;
        _patterns = new JoinedPattern[patterns.Length];
        for (var i = 0; i < patterns.Length; i++)
        {
            _patterns[i] = new JoinedPattern(patterns[i]);
        }
    }

    /// <summary>The lowest position in the list.</summary>
    public int FirstIndex => _patterns[0].Index;

    /// <summary>Joins items into as few automata as it takes, in the order of the list.</summary>
    /// <param name="patterns">The items.</param>
    /// <param name="refused">The items that can't be searched in linear time, each with .NET's reason.</param>
    public static JoinedPatterns[] Join(ReadOnlySpan<ExclusionPattern> patterns, out List<(ExclusionPattern Pattern, string Reason)> refused)
    {
        var joined = new List<JoinedPatterns>();
        refused = [];
        while (!patterns.IsEmpty)
        {
            var count = Math.Min(patterns.Length, MaxCount);
            JoinOrHalve(patterns[..count], joined, refused);
            patterns = patterns[count..];
        }

        return [.. joined];
    }

    /// <summary>The position in the list of the first of these items that matches, or -1.</summary>
    public int Find(ReadOnlySpan<char> url)
    {
        if (!_automaton.IsMatch(url))
        {
            return -1;
        }

        // The automaton tells that an item matches, not which one.
        for (var i = 0; i < _patterns.Length - 1; i++)
        {
            if (_patterns[i].IsMatch(url))
            {
                return _patterns[i].Index;
            }
        }

        return _patterns[^1].Index;
    }

    private static void JoinOrHalve(
        ReadOnlySpan<ExclusionPattern> patterns,
        List<JoinedPatterns> joined,
        List<(ExclusionPattern Pattern, string Reason)> refused)
    {
        try
        {
            // An application may set a default time-out for all its regular expressions.
            joined.Add(new JoinedPatterns(new Regex(Alternation(patterns), Linear, Regex.InfiniteMatchTimeout), patterns));
        }
        catch (NotSupportedException exception) when (patterns.Length == 1)
        {
            refused.Add((patterns[0], exception.Message));
        }
        catch (NotSupportedException)
        {
            var half = patterns.Length / 2;
            JoinOrHalve(patterns[..half], joined, refused);
            JoinOrHalve(patterns[half..], joined, refused);
        }
    }

    private static string Alternation(ReadOnlySpan<ExclusionPattern> patterns)
    {
        var alternation = new StringBuilder();
        foreach (var pattern in patterns)
        {
            alternation
                .Append(alternation.Length > 0 ? "|(?:" : "(?:")
                .Append(pattern.Text)
                .Append(ExclusionPattern.EndsInComment(pattern.Text) ? "\n)" : ")");
        }

        return alternation.ToString();
    }

    /// <summary>One of the items, on its own.</summary>
    private sealed class JoinedPattern(ExclusionPattern pattern)
    {
        // An automaton takes hundreds of kilobytes, so an item gets one of its own only when a URL shows that it needs it.
        private Regex _regex = pattern.Regex;

        public int Index => pattern.Index;

        public bool IsMatch(ReadOnlySpan<char> url)
        {
            if (url.IndexOf(pattern.RequiredText) < 0)
            {
                return false;
            }

            try
            {
                return _regex.IsMatch(url);
            }
            catch (RegexMatchTimeoutException)
            {
                _regex = new Regex(pattern.Text, Linear, Regex.InfiniteMatchTimeout);
                return _regex.IsMatch(url);
            }
        }
    }
}
