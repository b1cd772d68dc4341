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
/// <param name="ErrorType">The span's <c>error.type</c>; none when left out. The span's status is an error exactly when there is
/// one.</param>
/// <param name="MetricErrorType">The metric's <c>error.type</c>, where it differs from the span's; empty for none.</param>
/// <param name="Exception">Whether the span has an exception event.</param>
/// <param name="Headers">Further headers of the request.</param>
/// <param name="OnNet11">What is different on .NET 11.</param>
internal sealed record RouteNameCase(
    string Endpoint,
    string Request,
    int Status,
    string Name,
    string? Route = null,
    string? MetricRoute = null,
    string? Simple = null,
    string? ErrorType = null,
    string? MetricErrorType = null,
    bool Exception = false,
    Dictionary<string, string>? Headers = null,
    RouteNameDifference? OnNet11 = null)
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
        var all = JsonSerializer.Deserialize<Dictionary<string, RouteNameCase[]>>(file, Json)!;
        return Environment.Version.Major < 11 ? all : all.ToDictionary(shape => shape.Key, shape => Array.ConvertAll(shape.Value, On11));
    }

    private static RouteNameCase On11(RouteNameCase on10) =>
        on10.OnNet11 is not { } on11
            ? on10
            : on10 with
            {
                Status = on11.Status,
                ErrorType = on11.ErrorType,
                MetricErrorType = on11.MetricErrorType,
                Exception = on11.Exception,
            };
}

/// <summary>What the telemetry says about a request on .NET 11, where ASP.NET Core answers it differently.</summary>
internal sealed record RouteNameDifference(int Status, string? ErrorType = null, string? MetricErrorType = null, bool Exception = false);
