using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.Extensions.Configuration;

namespace Aspire.RouteTracing.Configuration;

/// <summary>
/// The items of one list of regular expressions that the configuration holds, each with its source. The sources add up; none hides another.
/// </summary>
internal sealed class ConfiguredList
{
    /// <summary>The source of an item that the configuration does not hold.</summary>
    public const string Code = "code";

    public static readonly ConfiguredList Empty = new();

    private readonly List<Item> _items = [];
    private readonly Dictionary<string, Item> _first = new(StringComparer.Ordinal);
    private readonly List<UnreadableValue> _unreadable = [];

    public IReadOnlyList<Item> Items => _items;

    public IReadOnlyList<UnreadableValue> Unreadable => _unreadable;

    // One comma-delimited string (Aspire__RouteTracing__ExcludedUrls=a,b), an array with one expression an item, or both from two providers.
    public void AddSection(IConfigurationSection section)
    {
        AddText(section.Value, section.Path);
        AddItems(section.GetChildren().Select(child => ExclusionListFormat.Trim(child.Value ?? "")).Where(item => item.Length > 0), section.Path);
    }

    public void AddText(string? text, string source)
    {
        var items = ExclusionListFormat.Parse(text, out var error);
        if (error is not null)
        {
            _unreadable.Add(new UnreadableValue(source, error));
        }

        AddItems(items, source);
    }

    public void AddItems(IEnumerable<string> patterns, string source)
    {
        foreach (var (index, pattern) in patterns.Index())
        {
            var item = new Item(pattern, source, index + 1);
            _items.Add(item);
            _first.TryAdd(pattern, item);
        }
    }

    /// <summary>Tells where the items of a setting come from, each from the first source that holds it, or from the code. Blank items are none.</summary>
    /// <param name="setting">The name of the setting.</param>
    /// <param name="patterns">Its value.</param>
    /// <exception cref="ArgumentException">Code added <see langword="null"/>.</exception>
    public Item[] Trace(string setting, IEnumerable<string?> patterns)
        => [.. patterns
            .Select(pattern => pattern ?? throw new ArgumentException($"An item of {setting}, added in code, is null."))
            .Where(pattern => !string.IsNullOrWhiteSpace(pattern))
            .Distinct(StringComparer.Ordinal)
            .Select(pattern => _first.GetValueOrDefault(pattern) ?? new Item(pattern, Code, 0))];

    public bool HoldsTheSameAs(ConfiguredList other) => _items.SequenceEqual(other._items) && _unreadable.SequenceEqual(other._unreadable);

    /// <param name="Pattern">The regular expression.</param>
    /// <param name="Source">The variable or key that holds it.</param>
    /// <param name="Position">Its place in that source, from 1.</param>
    public sealed record Item(string Pattern, string Source, int Position);

    public sealed record UnreadableValue(string Source, string Reason);
}
