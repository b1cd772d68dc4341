using System.Diagnostics;
using Aspire.RouteTracing;
using OpenTelemetry;
using OpenTelemetry.Trace;

// A service that requests itself and compares its spans with those that it would have on the runtime. Exits with 0 if they are the same.
using var source = new ActivitySource("Aot");
var spans = new SpanList();

var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Configuration["Aspire:RouteTracing:CapturedRequestHeaders:0"] = "x-tenant";
builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource(source.Name).AddProcessor(spans));
builder.Services.AddRouteTracingHook<OrderHook>();
builder.AddRouteTracing(settings =>
{
    settings.ExcludedUrls.Add("^/excluded-by-code$");
    settings.ResponseHook = (span, response) => span.SetTag("status", response.StatusCode);
});

var app = builder.Build();
app.MapGet("/orders/{id:int}", (int id) => StartChild($"order {id}"));
app.MapGet("/excluded-by-endpoint", () => StartChild("quiet")).ExcludeFromTracing();
app.MapGet("/{name}", StartChild);
await app.StartAsync();

using (var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) })
{
    client.DefaultRequestHeaders.Add("x-tenant", "acme");
    foreach (var path in new[] { "/excluded-by-code", "/excluded-by-variable", "/excluded-by-endpoint", "/orders/7" })
    {
        await client.GetStringAsync(path);
    }
}

var exclusions = app.Services.GetRequiredService<IRouteTracing>().ExcludedUrls
    .Select(exclusion => $"{exclusion.Pattern} by {exclusion.Source}")
    .ToArray();
await app.StopAsync();

string[] actual = [.. exclusions, .. spans.Lines];
string[] expected =
[
    "^/excluded-by-variable$ by OTEL_DOTNET_EXCLUDED_URLS",
    "^/excluded-by-code$ by code",
    "order 7",
    "GET /orders/{id:int}: http.route=/orders/{id:int} order=7 status=200 http.request.header.x-tenant=acme",
];
Console.WriteLine(string.Join('\n', actual));
if (!actual.SequenceEqual(expected))
{
    Console.Error.WriteLine($"The service should have printed:\n{string.Join('\n', expected)}");
    return 1;
}

return 0;

string StartChild(string name)
{
    using var child = source.StartActivity(name);
    return name;
}

internal sealed class OrderHook : IRouteTracingHook
{
    public void OnRequest(Activity activity, HttpRequest request) => activity.SetTag("order", request.RouteValues["id"]);
}

internal sealed class SpanList : BaseProcessor<Activity>
{
    private static readonly string[] Tags = ["http.route", "order", "status", "http.request.header.x-tenant"];

    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    public override void OnEnd(Activity data)
    {
        var tags = Tags.Where(tag => data.GetTagItem(tag) is not null).Select(tag => $"{tag}={Text(data.GetTagItem(tag)!)}");
        _lines.Add(data.Kind == ActivityKind.Server ? $"{data.DisplayName}: {string.Join(' ', tags)}" : data.DisplayName);
    }

    private static string? Text(object value) => value is string[] values ? string.Join(',', values) : value.ToString();
}
