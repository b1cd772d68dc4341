using System.Diagnostics;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>Writes the table of docs/compatibility.md.</summary>
internal static class CompatibilityDocument
{
    public const string Head = """
        | Library | Version | What is done | OpenTelemetry alone | With route tracing |
        | --- | --- | --- | --- | --- |

        """;

    private const string AlwaysOn = "always_on";

    public static IEnumerable<Library> Libraries =>
    [
        RedisTests.Redis,
        AspireRedisTests.AspireRedis,
        OrleansTests.Orleans,
        MassTransitTests.MassTransit,
        WolverineTests.Wolverine,
        ODataTests.OData,
        VersioningTests.Versioning,
        EntityFrameworkTests.EntityFramework,
        GrpcTests.Grpc,
        YarpTests.Yarp,
        BlazorTests.Blazor,
        OpenIddictTests.OpenIddict,
        HangfireTests.Hangfire,
        FastEndpointsTests.FastEndpoints,
        AzureMonitorTests.AzureMonitor,
        GraceTests.Grace,
    ];

    public static async Task<string> RowAsync(Library library, Use use)
    {
        var stock = await CellAsync(library, use, Tracing.Stock);
        var ours = await CellAsync(library, use, Tracing.RouteTracing);
        var status = (await library.SendAsync(use.Request)).Status;
        var name = use == library.Uses[0] ? $"{library.Name} | {library.Version}" : " | ";
        return $"| {name} | `{use.Request}`: {status}, {use.Description} | {stock} | {(ours == stock ? "=" : ours)} |\n";
    }

    private static async Task<string> CellAsync(Library library, Use use, Tracing tracing)
    {
        var usual = Spans(await library.SendAsync(use.Request, tracing));
        var alwaysOn = Spans(await library.SendAsync(use.Request, tracing, AlwaysOn));
        return usual == alwaysOn ? usual : $"{usual}; under `{AlwaysOn}` {alwaysOn}";
    }

    private static string Spans(Outcome outcome) =>
        outcome.Spans.Count == 0 ? "none" : string.Join(", ", outcome.Spans.Select(span => Span(outcome, span)));

    private static string Span(Outcome outcome, Activity span) => $"{(outcome.IsOrphan(span) ? "orphan " : "")}`{span.DisplayName}`";
}
