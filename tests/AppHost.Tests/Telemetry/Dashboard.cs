using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AppHost.Tests.Telemetry;

/// <summary>Reads spans and logs from the HTTP API of the dashboard: https://aspire.dev/dashboard/apis/</summary>
public sealed class Dashboard : IDisposable
{
    private readonly HttpClient _client;

    private Dashboard(HttpClient client) => _client = client;

    public static async Task<Dashboard> ConnectAsync(DistributedApplication app, CancellationToken cancellation)
    {
        var url = await app.GetDashboardUrlAsync(cancellation);
        var client = new HttpClient { BaseAddress = new(url.GetLeftPart(UriPartial.Authority)) };
        client.DefaultRequestHeaders.Add("x-api-key", app.Services.GetRequiredService<IConfiguration>()["AppHost:DashboardApiKey"]);
        return new(client);
    }

    public async Task<IReadOnlyList<Span>> GetSpansAsync(CancellationToken cancellation, string traceId = "") =>
    [
        .. from resource in await GetAsync($"spans?limit=10000&traceId={traceId}", "resourceSpans", cancellation)
           from scope in Items(resource["scopeSpans"])
           from span in Items(scope["spans"])
           select new Span(
               Attribute(resource["resource"], "service.name")!,
               (string)span["name"]!,
               (int)span["kind"]!,
               (string)span["traceId"]!,
               (string)span["spanId"]!,
               (string?)span["parentSpanId"] is { Length: > 0 } parent ? parent : null,
               DateTimeOffset.UnixEpoch.AddTicks(
                   long.Parse($"{span["startTimeUnixNano"]}", CultureInfo.InvariantCulture) / TimeSpan.NanosecondsPerTick),
               Attribute(span, "http.route")),
    ];

    public async Task<IReadOnlyList<Log>> GetLogsAsync(CancellationToken cancellation, string traceId = "") =>
    [
        .. from resource in await GetAsync($"logs?limit=10000&traceId={traceId}", "resourceLogs", cancellation)
           from scope in Items(resource["scopeLogs"])
           from log in Items(scope["logRecords"])
           select new Log(
               Attribute(resource["resource"], "service.name")!, (string?)log["body"]?["stringValue"] ?? "", (string)log["traceId"]!),
    ];

    public void Dispose() => _client.Dispose();

    private async Task<IEnumerable<JsonNode>> GetAsync(string query, string items, CancellationToken cancellation) =>
        Items((await _client.GetFromJsonAsync<JsonNode>($"/api/telemetry/{query}", cancellation))!["data"]?[items]);

    private static IEnumerable<JsonNode> Items(JsonNode? array) => array?.AsArray().Select(item => item!) ?? [];

    private static string? Attribute(JsonNode? node, string key) =>
        (string?)Items(node?["attributes"]).FirstOrDefault(attribute => (string?)attribute["key"] == key)?["value"]?["stringValue"];
}

/// <summary>A span. Its kind is a number of OTLP: 2 is a server, 3 a client.</summary>
public sealed record Span(
    string Service, string Name, int Kind, string TraceId, string SpanId, string? ParentSpanId, DateTimeOffset Start, string? Route);

public sealed record Log(string Service, string Message, string TraceId);
