using Microsoft.Extensions.Configuration;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The excluded URLs that the configuration holds, each with its source. The sources add up; unlike Flask's variables, none hides another.
/// </summary>
internal sealed class ExclusionSources
{
    public const string Section = "Aspire:RouteTracing:ExcludedUrls";
    public const string AspNetCoreVariable = "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS";
    public const string GeneralVariable = "OTEL_DOTNET_EXCLUDED_URLS";
    public const string Code = "code";

    public static readonly ExclusionSources None = new();

    private readonly List<Item> _items = [];
    private readonly List<UnreadableValue> _unreadable = [];

    private ExclusionSources()
    {
    }

    public IReadOnlyList<Item> Items => _items;

    public IReadOnlyList<UnreadableValue> Unreadable => _unreadable;

    public static ExclusionSources Read(IConfiguration configuration, ExclusionsFile file)
    {
        var sources = new ExclusionSources();
        sources.AddSection(configuration.GetSection(Section));
        sources.AddText(configuration[AspNetCoreVariable], AspNetCoreVariable);

        // The AppHost wrote its list to the variable when the service started and to the file since.
        if (file.Items is { } items)
        {
            sources.AddItems(items, ExclusionsFile.PathKey);
        }
        else
        {
            sources.AddText(configuration[GeneralVariable], GeneralVariable);
        }

        return sources;
    }

    /// <summary>Where <paramref name="pattern"/> comes from: the first source that holds it, or the code.</summary>
    public Item Find(string pattern) => _items.FirstOrDefault(item => item.Pattern == pattern) ?? new Item(pattern, Code, 0);

    // One comma-delimited string (Aspire__RouteTracing__ExcludedUrls=a,b), an array with one expression an item, or both from two providers.
    private void AddSection(IConfigurationSection section)
    {
        AddText(section.Value, Section);
        AddItems(section.GetChildren().Select(child => child.Value?.Trim() ?? "").Where(item => item.Length > 0), Section);
    }

    private void AddText(string? text, string source)
    {
        var items = ExclusionListFormat.Parse(text, out var error);
        if (error is not null)
        {
            _unreadable.Add(new UnreadableValue(source, error));
        }

        AddItems(items, source);
    }

    private void AddItems(IEnumerable<string> patterns, string source)
        => _items.AddRange(patterns.Select((pattern, index) => new Item(pattern, source, index + 1)));

    /// <param name="Pattern">The regular expression.</param>
    /// <param name="Source">The variable or key that holds it.</param>
    /// <param name="Position">Its place in that source, from 1.</param>
    public sealed record Item(string Pattern, string Source, int Position);

    public sealed record UnreadableValue(string Source, string Reason);
}
