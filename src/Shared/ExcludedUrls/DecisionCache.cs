using System.Numerics;
using System.Runtime.InteropServices;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// What was decided for the paths requested most. Bounded in entries and in their size, without a lock, and without a way for paths that are
/// requested once to push out those that are requested again and again.
/// </summary>
/// <remarks>
/// A path is taken in when it is seen a second time, so that a scan for thousands of random paths costs it nothing but a few hashes. When
/// a set of entries is full, one that has not been asked for since the last time that happened gives way.
/// </remarks>
internal sealed class DecisionCache
{
    /// <summary>The length up to which a path is looked up.</summary>
    public const int MaxPathLength = 256;

    /// <summary>The number of paths it can hold.</summary>
    public const int Capacity = Sets * Ways;

    private const int Sets = 128;
    private const int Ways = 8;
    private const int SeenOnceLength = 4096;

    private readonly Entry?[] _entries = new Entry?[Capacity];
    private readonly int[] _seenOnce = new int[SeenOnceLength];

    /// <summary>The number of paths it holds.</summary>
    public int Count => _entries.Count(entry => entry is not null);

    public bool TryGet(ReadOnlySpan<char> path, out int hash, out int decision)
    {
        hash = Hash(path);
        foreach (var entry in Set(hash))
        {
            // A set fills from the front.
            if (entry is null)
            {
                break;
            }

            if (entry.Hash == hash && path.SequenceEqual(entry.Path))
            {
                if (!entry.Used)
                {
                    entry.Used = true;
                }

                decision = entry.Decision;
                return true;
            }
        }

        decision = default;
        return false;
    }

    /// <summary>Notes a decision, if the path has been seen before. The hash is the one that <see cref="TryGet"/> gave.</summary>
    /// <returns>Whether there was room for it, so that no other path has to give way.</returns>
    public bool Add(ReadOnlySpan<char> path, int hash, int decision)
    {
        ref var seenOnce = ref _seenOnce[Scale(hash, SeenOnceLength)];
        if (seenOnce != hash)
        {
            seenOnce = hash;
            return false;
        }

        var set = Set(hash);
        var slot = -1;
        for (var way = 0; way < Ways; way++)
        {
            if (set[way] is not { } entry)
            {
                slot = way;
                break;
            }

            if (slot < 0 && !entry.Used)
            {
                slot = way;
            }
        }

        if (slot >= 0)
        {
            var isFree = set[slot] is null;
            Volatile.Write(ref set[slot], new Entry(path.ToString(), hash, decision));
            return isFree;
        }

        // All were asked for. One that is not asked for again before the next path comes gives way to that path.
        foreach (var entry in set)
        {
            entry!.Used = false;
        }

        return false;
    }

    /// <summary>
    /// Half of a look-up is to hash the path, so this one takes sixteen bytes at a time. That a client could find paths that collide does
    /// no harm: they only take the places of each other.
    /// </summary>
    private static int Hash(ReadOnlySpan<char> path)
    {
        const int Word = sizeof(ulong);
        var bytes = MemoryMarshal.AsBytes(path);
        var hash = (ulong)bytes.Length;
        if (bytes.Length < Word)
        {
            foreach (var c in path)
            {
                hash = Mix(hash, c);
            }

            return (int)(hash >> 32);
        }

        var last = MemoryMarshal.Read<ulong>(bytes[^Word..]);
        for (; bytes.Length > 2 * Word; bytes = bytes[(2 * Word)..])
        {
            hash = Mix(hash, MemoryMarshal.Read<ulong>(bytes) ^ (MemoryMarshal.Read<ulong>(bytes[Word..]) * 0xC2B2AE3D27D4EB4F));
        }

        if (bytes.Length > Word)
        {
            hash = Mix(hash, MemoryMarshal.Read<ulong>(bytes));
        }

        return (int)(Mix(hash, last) >> 32);

        static ulong Mix(ulong hash, ulong value) => (BitOperations.RotateLeft(hash, 32) ^ value) * 0x9E3779B97F4A7C15;
    }

    private Span<Entry?> Set(int hash) => _entries.AsSpan(Scale(hash, Sets) * Ways, Ways);

    // The upper bits of a product depend on all of its factors' bits, the lower ones don't.
    private static int Scale(int hash, int length) => (int)(((ulong)(uint)hash * (uint)length) >> 32);

    private sealed class Entry(string path, int hash, int decision)
    {
        public string Path { get; } = path;

        public int Hash { get; } = hash;

        public int Decision { get; } = decision;

        public bool Used { get; set; }
    }
}
