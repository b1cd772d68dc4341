using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>What is sent to an application of some shape, and what its telemetry says about it.</summary>
/// <param name="Endpoint">What the request reaches, in the words of the code that maps it, as Markdown.</param>
/// <param name="Request">The request line without the version, or a client other than HTTP and what it calls.</param>
/// <param name="Status">The status code of the answer, as it is on the span.</param>
/// <param name="Name">The name of the span.</param>
/// <param name="Route">The span's <c>http.route</c>; none when left out.</param>
/// <param name="MetricRoute">The metric's <c>http.route</c>, where it differs from the span's.</param>
/// <param name="Simple">The span's <c>http.route</c> with <see cref="RouteTemplateFormat.Simple"/>, where it differs.</param>
/// <param name="ErrorType">The span's <c>error.type</c>; none when left out. The span's status is an error exactly when there is one.</param>
/// <param name="Exception">Whether the span has an exception event.</param>
/// <param name="Headers">Further headers of the request.</param>
internal sealed record RouteNameCase(
    string Endpoint,
    string Request,
    int Status,
    string Name,
    string? Route = null,
    string? MetricRoute = null,
    string? Simple = null,
    string? ErrorType = null,
    bool Exception = false,
    Dictionary<string, string>? Headers = null)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The cases of cases.json, by the shape of the application (<see cref="Apps.AppShapes"/>).</summary>
    public static IReadOnlyDictionary<string, RouteNameCase[]> All { get; } = Read();

    private static Dictionary<string, RouteNameCase[]> Read()
    {
        using var file = typeof(RouteNameCase).Assembly.GetManifestResourceStream("RouteNames.cases.json")!;
        return JsonSerializer.Deserialize<Dictionary<string, RouteNameCase[]>>(file, Json)!;
    }
}
