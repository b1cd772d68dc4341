using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aspire.RouteTracing.LiveList;

/// <summary>
/// The report of an application about its exclusion list. In run mode, it is a JSON file in the folder of the resource, named after the
/// process id and the number of the application in the process: <c>1234.1.json</c>.
/// </summary>
internal sealed partial record ServiceStatus
{
    /// <summary>Gets the process id, which is part of the file's name.</summary>
    [JsonIgnore]
    public int ProcessId { get; init; }

    /// <summary>Gets whether route tracing is enabled in the service.</summary>
    public required bool Enabled { get; init; }

    /// <summary>Gets whether every item is searched in the whole URL.</summary>
    public bool MatchFullUrl { get; init; }

    /// <summary>Gets the list of the AppHost's file, or <see langword="null"/> if it wasn't read.</summary>
    public IReadOnlyList<string>? FileItems { get; init; }

    /// <summary>Gets the valid items of all sources, in the order of the search.</summary>
    public required IReadOnlyList<Item> Items { get; init; }

    /// <summary>Gets the routes of the application that the items exclude, such as <c>GET /health</c>.</summary>
    public IReadOnlyList<string> ExcludedRoutes { get; init; } = [];

    /// <summary>Gets the number of routes of the application, or 0 for an empty list.</summary>
    public int RouteCount { get; init; }

    /// <summary>Gets the items that match no sample URL of a route.</summary>
    public IReadOnlyList<string> UnmatchedItems { get; init; } = [];

    /// <summary>Gets the ignored and disabled items.</summary>
    public IReadOnlyList<Problem> Problems { get; init; } = [];

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json.Default.ServiceStatus);

    /// <exception cref="JsonException">The text is not a status.</exception>
    public static ServiceStatus? FromJson(Stream json) => JsonSerializer.Deserialize(json, Json.Default.ServiceStatus);

    /// <param name="Pattern">The regular expression.</param>
    /// <param name="Source">The variable or configuration key that contains it, or <c>code</c>.</param>
    public sealed record Item(string Pattern, string Source);

    /// <param name="Item">The item.</param>
    /// <param name="Reason">Why it was ignored or disabled, as a sentence.</param>
    public sealed record Problem(Item Item, string Reason);

    [JsonSerializable(typeof(ServiceStatus))]
    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
    private sealed partial class Json : JsonSerializerContext;
}
