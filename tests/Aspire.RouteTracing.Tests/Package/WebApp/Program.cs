using System.Diagnostics;
using Aspire.RouteTracing;
using OpenTelemetry;
using OpenTelemetry.Trace;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddProcessor(new PrintSpans()));
builder.AddRouteTracing();

var app = builder.Build();
app.MapGet("/orders/{id:int}", (int id) => id);
app.MapGet("/healthcheck", () => "healthy");
await app.StartAsync();

using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
await client.GetStringAsync("/orders/7");
await client.GetStringAsync("/healthcheck");
foreach (var exclusion in app.Services.GetRequiredService<IRouteTracing>().ExcludedUrls)
{
    Console.WriteLine($"excluded: {exclusion.Pattern} by {exclusion.Source}");
}

await app.StopAsync();

internal sealed class PrintSpans : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data) => Console.WriteLine($"span: {data.DisplayName}");
}
