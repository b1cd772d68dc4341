using OpenTelemetry;
using OpenTelemetry.Trace;

// A service with OpenTelemetry alone: it doesn't call AddRouteTracing.
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddAspNetCoreInstrumentation()).UseOtlpExporter();

var app = builder.Build();
app.MapGet("/", () => "The home page.");
app.MapGet("/readyz", () => "Ready.");
app.Run();
