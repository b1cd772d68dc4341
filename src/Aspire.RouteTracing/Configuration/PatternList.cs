using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Configuration;

/// <summary>
/// A setting that is a list of regular expressions. Each item has a source: a variable, a configuration key, or code. Code sees a list of
/// strings.
/// </summary>
internal sealed partial class PatternList(string setting, int maxItems) : List<string>
{
    /// <summary>The source of an item that code added.</summary>
    public const string Code = "code";

    /// <summary>The source of an item that the setting has by default.</summary>
    public const string Default = "default";

    // By reference, because code can add the text of a configured item.
    private readonly Dictionary<string, Item> _configured = new(ReferenceEqualityComparer.Instance);

    // The sources whose text can't be read, and why not.
    private readonly Dictionary<string, string> _unreadable = [];

    /// <summary>Gets whether the setting has its default items only.</summary>
    public bool IsDefault => _unreadable.Count == 0 && Items.All(item => item.Source == Default);

    /// <summary>Gets whether no source has an item or a text that can't be read.</summary>
    public bool IsEmpty => Count == 0 && _unreadable.Count == 0;

    /// <summary>Gets everything that determines the result and the log messages of <see cref="Resolve"/>, for comparison.</summary>
    public IEnumerable<object> Content => [setting, .. Items, .. _unreadable.Keys, .. _unreadable.Values];

    private IEnumerable<Item> Items => this.Select(pattern =>
        pattern is null ? throw new ArgumentException($"Code added a null item to {setting}.")
            : _configured.TryGetValue(pattern, out var item) ? item
            : new Item(pattern, Code, 0, IsRequired: true));

    public static PatternList Of(IList<string> setting) => (PatternList)setting;

    /// <summary>
    /// Adds the items of the setting's section and those of a variable. The section is a delimited string
    /// (<c>Aspire__RouteTracing__ExcludedUrls=a,b</c>), an array, or both from two providers.
    /// </summary>
    public void AddConfigured(IConfiguration configuration, string variable)
    {
        var section = configuration.GetSection($"{ConfigurationKeys.Section}:{setting}");
        AddText(section.Value, section.Path);
        AddItems(
            section.GetChildren().Select(child => ExclusionListFormat.Trim(child.Value ?? "")).Where(item => item.Length > 0),
            section.Path);
        AddText(configuration[variable], variable);
    }

    public void AddText(string? text, string source)
    {
        var patterns = ExclusionListFormat.Parse(text, out var error);
        if (error is not null)
        {
            _unreadable[source] = error;
        }

        AddItems(patterns, source);
    }

    public void AddItems(IEnumerable<string> patterns, string source)
    {
        var position = 0;
        foreach (var pattern in patterns)
        {
            Add(pattern);
            _configured[pattern] = new Item(pattern, source, ++position, IsRequired: false);
        }
    }

    /// <summary>
    /// Returns the items to compile: each pattern once, with its first source, up to the limit. Items that code added are never dropped.
    /// </summary>
    /// <exception cref="ArgumentException">Code added <see langword="null"/>, or more items than the list can have.</exception>
    public IReadOnlyList<Item> Resolve(ILogger logger)
    {
        foreach (var (source, reason) in _unreadable)
        {
            Log.Unreadable(logger, setting, source, reason);
        }

        Item[] items =
        [
            .. Items
                .Where(item => !string.IsNullOrWhiteSpace(item.Pattern))
                .GroupBy(item => item.Pattern, StringComparer.Ordinal)
                .Select(same => same.First() with { IsRequired = same.Any(item => item.IsRequired) }),
        ];
        var required = items.Count(item => item.IsRequired);
        if (required > maxItems)
        {
            throw new ArgumentException(
                $"Code added {required} items to {setting}, and the limit is {maxItems}. Combine several into one pattern with '|'.");
        }

        Item[] dropped = [.. items.Where(item => !item.IsRequired).Skip(maxItems - required)];
        if (dropped is not [var first, ..])
        {
            return items;
        }

        Log.TooMany(logger, setting, items.Length, maxItems, first.Pattern, first.Position, first.Source, dropped.Length);
        return [.. items.Except(dropped)];
    }

    /// <summary>Logs an item that can't be compiled.</summary>
    /// <exception cref="ArgumentException">Code added the item.</exception>
    public void Reject(Item item, string reason, ILogger logger)
    {
        if (item.IsRequired)
        {
            throw new ArgumentException(
                $"The item '{item.Pattern}' that code added to {setting} is invalid: {reason}");
        }

        Log.Invalid(logger, setting, item.Pattern, item.Position, item.Source, reason);
    }

    /// <param name="Pattern">The regular expression.</param>
    /// <param name="Source">The variable or key that contains it, or <see cref="Code"/>.</param>
    /// <param name="Position">The position in the source, starting at 1.</param>
    /// <param name="IsRequired">Whether code added it. Such an item is never dropped, and throws an exception if it is invalid.</param>
    public sealed record Item(string Pattern, string Source, int Position, bool IsRequired);

    private static partial class Log
    {
        [LoggerMessage(
            1, LogLevel.Error,
            "{Setting}: '{Pattern}', item {Position} of {Source}, is invalid and was ignored: {Reason} The other items still apply.")]
        public static partial void Invalid(ILogger logger, string setting, string pattern, int position, string source, string reason);

        [LoggerMessage(2, LogLevel.Error, "{Setting}: the value of {Source} could not be read and was ignored: {Reason}")]
        public static partial void Unreadable(ILogger logger, string setting, string source, string reason);

        [LoggerMessage(
            6, LogLevel.Error,
            "{Setting} has {Count} items, and the limit is {MaxItems}. {Dropped} items were ignored, starting with '{Pattern}', item "
            + "{Position} of {Source}. Combine several into one pattern with '|'.")]
        public static partial void TooMany(
            ILogger logger, string setting, int count, int maxItems, string pattern, int position, string source, int dropped);
    }
}
