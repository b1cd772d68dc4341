using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The automata of a list. Each is built when a URL first needs it, and grows with the URLs that it reads. If they exceed their limit
/// together, they are dropped and not built again, because building them for each request would take much longer than backtracking.
/// </summary>
/// <param name="items">The number of items.</param>
/// <param name="onDropped">Called once, by the request that exceeds the limit. Must not throw.</param>
internal sealed class Automata(int items, Action? onDropped = null)
{
    /// <summary>The limit, in bytes.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    // [^/]{300} has 300 states, and the automaton can need any subset of them.
    private const int MaxRepetitions = 300;

    private Automaton?[]? _automata = new Automaton?[items];
    private long _bytes;

    /// <summary>Returns why an item can't be searched in linear time, as a sentence, or <see langword="null"/> if it can.</summary>
    /// <param name="tokens">A valid expression.</param>
    public static string? FindObstacle(List<RegexToken> tokens) =>
        tokens.Select(FindObstacle).FirstOrDefault(obstacle => obstacle is not null)
            ?? (CountRepetitions(tokens) >= MaxRepetitions ? $"It has more than {MaxRepetitions} repetitions." : null);

    /// <summary>Returns whether an item matches a URL, or <see langword="null"/> if the automata have been dropped.</summary>
    public bool? IsMatch(int index, string item, ReadOnlySpan<char> url)
    {
        if (Volatile.Read(ref _automata) is not { } automata)
        {
            return null;
        }

        var automaton = Volatile.Read(ref automata[index]) ?? Build(ref automata[index], item);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isAlone = Interlocked.Increment(ref automaton.Searches) == 1;
        try
        {
            return automaton.Regex.IsMatch(url);
        }
        finally
        {
            Interlocked.Decrement(ref automaton.Searches);

            // Searches at the same time allocate buffers that are garbage afterwards. Only a search that runs alone measures the growth.
            if (isAlone)
            {
                Count(GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }
    }

    // Two requests can build the same automaton. The first one is kept.
    private Automaton Build(ref Automaton? slot, string item)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        // An application can set a default timeout for all its regular expressions.
        var built = new Automaton(
            new Regex(item, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, Regex.InfiniteMatchTimeout));
        if (Interlocked.CompareExchange(ref slot, built, null) is { } other)
        {
            return other;
        }

        // About half of the bytes are garbage.
        Count((GC.GetAllocatedBytesForCurrentThread() - before) / 2);
        return built;
    }

    private void Count(long bytes)
    {
        if (bytes > 0 && Interlocked.Add(ref _bytes, bytes) > MaxBytes && Interlocked.Exchange(ref _automata, null) is not null)
        {
            onDropped?.Invoke();
        }
    }

    private static string? FindObstacle(RegexToken token) => token switch
    {
        { Group: RegexGroupKind.Lookahead or RegexGroupKind.Lookbehind } => "It has a look-around.",
        { Group: RegexGroupKind.Atomic } => "It has an atomic group.",
        { Group: RegexGroupKind.Conditional or RegexGroupKind.Balancing } => "It has a group with a condition.",
        { Kind: RegexTokenKind.BackReference } => "It has a back-reference.",
        { Kind: RegexTokenKind.Anchor, Letter: 'G' } => @"It has the anchor \G.",
        _ => null,
    };

    // Counts the states that quantifiers with a number add.
    private static double CountRepetitions(List<RegexToken> tokens)
    {
        var sizes = new Stack<double>([0]);
        var (last, withoutRepetitions) = (0d, 0);
        foreach (var token in tokens)
        {
            switch (token.Kind)
            {
                case RegexTokenKind.GroupStart:
                    sizes.Push(0);
                    continue;
                case RegexTokenKind.GroupEnd:
                    last = sizes.Pop();
                    break;
                case RegexTokenKind.Quantifier:
                    last *= Math.Max(0, (token.Max == int.MaxValue ? token.Min : token.Max) - 1);
                    break;
                case RegexTokenKind.Comment or RegexTokenKind.Options:
                    continue;
                default:
                    (last, withoutRepetitions) = (1, withoutRepetitions + 1);
                    break;
            }

            sizes.Push(sizes.Pop() + last);
        }

        return sizes.Pop() - withoutRepetitions;
    }

    private sealed class Automaton(Regex regex)
    {
        public int Searches;

        public Regex Regex => regex;
    }
}
