using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>A request to an application of some shape, and the expected telemetry.</summary>
/// <param name="Endpoint">The code that maps the endpoint, as Markdown.</param>
/// <param name="Request">The request line without the version, or another client and what it calls.</param>
/// <param name="Status">The status code of the response and of the span.</param>
/// <param name="Name">The name of the span.</param>
/// <param name="Route">The span's <c>http.route</c>, if it has one.</param>
/// <param name="MetricRoute">The metric's <c>http.route</c>, if it differs from the span's.</param>
/// <param name="Simple">The span's <c>http.route</c> with <see cref="RouteTemplateFormat.Simple"/>, if it differs.</param>
/// <param name="ErrorType">The span's <c>error.type</c>, if it has one. The status of the span is Error exactly then.</param>
/// <param name="MetricErrorType">The metric's <c>error.type</c>, if it differs from the span's; empty for none.</param>
/// <param name="Exception">Whether the span has an exception event.</param>
/// <param name="Headers">Additional headers of the request.</param>
/// <param name="OnNet11">The differences on .NET 11.</param>
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

/// <summary>The expected telemetry on .NET 11, if ASP.NET Core 11 answers the request differently.</summary>
internal sealed record RouteNameDifference(int Status, string? ErrorType = null, string? MetricErrorType = null, bool Exception = false);
