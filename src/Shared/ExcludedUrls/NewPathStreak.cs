namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Paths one after the other, on one thread, that were not found among those decided before.</summary>
/// <remarks>
/// A scan hardly requests a path twice, and neither do the clients of a service whose paths have numbers in them. To look each of these paths up,
/// and to note it where all threads see it, takes longer than to search most lists. So after a few in vain, the list is searched at once
/// for most of them, until one is found.
/// </remarks>
internal readonly ref struct NewPathStreak(ref uint length)
{
    /// <summary>The number of paths, of each <see cref="Period"/>, that are looked up nevertheless.</summary>
    public const uint LookedUp = 32;

    /// <summary>The number of paths after which some are looked up again.</summary>
    public const uint Period = 2048;

    // Each thread has its own, since one that all of them write to would have them wait for each other.
    [ThreadStatic]
    private static uint _lengthOnThisThread;

    private readonly ref uint _length = ref length;

    public static NewPathStreak OfThisThread => new(ref _lengthOnThisThread);

    /// <summary>Whether the next path is not worth looking up. Counts it as a new one.</summary>
    public bool SkipsNext() => _length++ % Period >= LookedUp;

    /// <summary>The path was found, or will be from now on.</summary>
    public void End() => _length = 0;
}
