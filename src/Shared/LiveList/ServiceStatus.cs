using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aspire.RouteTracing.LiveList;

/// <summary>
/// What a process reports about its exclusion list. In an AppHost's run it is a JSON file in the resource's folder, named after the process
/// id.
/// </summary>
internal sealed record ServiceStatus
{
    public required int ProcessId { get; init; }

    /// <summary>Gets when the process started, which tells it from a later process with the same id.</summary>
    public required DateTimeOffset ProcessStart { get; init; }

    /// <summary>Gets whether route tracing is enabled in the service.</summary>
    public required bool Enabled { get; init; }

    /// <summary>Gets whether every item is searched in the whole URL.</summary>
    public bool MatchFullUrl { get; init; }

    /// <summary>Gets the list that was read from the AppHost's file, or <see langword="null"/> when none was.</summary>
    public IReadOnlyList<string>? FileItems { get; init; }

    /// <summary>Gets the items of every source that can exclude a request, in the order of the search.</summary>
    public required IReadOnlyList<Item> Items { get; init; }

    /// <summary>Gets the application's own routes that the items exclude, such as <c>GET /health</c>.</summary>
    public IReadOnlyList<string> ExcludedRoutes { get; init; } = [];

    /// <summary>Gets how many routes the application has.</summary>
    public int RouteCount { get; init; }

    /// <summary>Gets the items that match no route.</summary>
    public IReadOnlyList<string> UnmatchedItems { get; init; } = [];

    /// <summary>Gets the items that were ignored, each with the reason.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, StatusJson.Default.ServiceStatus);

    /// <exception cref="JsonException">The text is not a status.</exception>
    public static ServiceStatus? FromJson(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, StatusJson.Default.ServiceStatus);

    /// <param name="Pattern">The regular expression.</param>
    /// <param name="Source">The variable or configuration key that holds it, or <c>code</c>.</param>
    public sealed record Item(string Pattern, string Source);
}

[JsonSerializable(typeof(ServiceStatus))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
internal sealed partial class StatusJson : JsonSerializerContext;
