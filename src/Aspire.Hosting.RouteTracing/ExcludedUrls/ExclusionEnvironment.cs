using System.Buffers;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>Decides which variables tell a resource its exclusions, and their text.</summary>
internal static class ExclusionEnvironment
{
    /// <summary>How long a list may be, in UTF-16 code units. Linux takes 128 KB in one variable, Windows 32 KB.</summary>
    public const int MaxLength = 32 * 1024;

    // What no target of publishing reads as a part of its own language: Compose takes $, the manifest and Helm take braces.
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-*+?^()|[]\\, ");

    /// <summary>The variables that <paramref name="language"/> reads, with the text that says <paramref name="patterns"/>.</summary>
    /// <param name="language">What the resource is written in.</param>
    /// <param name="patterns">The exclusions that apply to it.</param>
    /// <param name="present">The resource's variables so far; those that hold exclusions are kept and joined.</param>
    /// <param name="publishing">Whether the text passes through the file of a publisher.</param>
    public static Decision Decide(ResourceLanguage language, IReadOnlyList<string> patterns, IReadOnlyDictionary<string, string> present, bool publishing)
    {
        var decision = new Decision();
        if (patterns.Count == 0)
        {
            return decision;
        }

        if (language is ResourceLanguage.DotNet or ResourceLanguage.Unknown)
        {
            decision.Variables[ExclusionVariables.DotNet] = WriteDotNet(patterns, present.GetValueOrDefault(ExclusionVariables.DotNet), publishing);
        }

        if (language is ResourceLanguage.Python or ResourceLanguage.Unknown)
        {
            AddPython(decision, patterns, present);
        }

        if (language is ResourceLanguage.Other)
        {
            decision.Warnings.Add("reads no list of excluded URLs: its instrumentation knows no such variable. Requests to it are traced, except those that an excluded request of another resource makes.");
        }

        return decision;
    }

    /// <summary>The list as .NET services read it: plain, or in base64 where a publisher would change it.</summary>
    public static string WriteDotNet(IReadOnlyList<string> patterns, string? present, bool publishing)
    {
        var items = ExclusionListFormat.Parse(present, out _).Concat(patterns).Distinct(StringComparer.Ordinal).ToArray();
        var text = ExclusionListFormat.Write(items);
        return publishing && text.AsSpan().IndexOfAnyExcept(Plain) >= 0 ? ExclusionListFormat.WriteBase64(items) : text;
    }

    private static void AddPython(Decision decision, IReadOnlyList<string> patterns, IReadOnlyDictionary<string, string> present)
    {
        var items = new List<string>();
        foreach (var pattern in patterns)
        {
            if (PythonPattern.TryWrite(pattern, out var written, out var reason))
            {
                items.Add(written);
            }
            else
            {
                decision.Warnings.Add($"does not exclude '{pattern}' in Python: {reason}.");
            }
        }

        if (items.Count == 0)
        {
            return;
        }

        // One instrumentation's own variable hides the general one from it.
        var names = present.Keys.Where(ExclusionVariables.IsSpecificToPython).DefaultIfEmpty(ExclusionVariables.Python);
        foreach (var name in names)
        {
            var own = present.GetValueOrDefault(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
            decision.Variables[name] = string.Join(',', own.Concat(items).Distinct(StringComparer.Ordinal));
        }
    }

    public sealed class Decision
    {
        public Dictionary<string, string> Variables { get; } = [];

        /// <summary>What the resource is not told, as the rest of a sentence that begins with its name.</summary>
        public List<string> Warnings { get; } = [];
    }
}
