using Microsoft.Extensions.Configuration;

var builder = DistributedApplication.CreateBuilder(args);

var catalog = builder.AddProject<Projects.Catalog>("catalog")
    .WithHttpHealthCheck("/readyz");

var orders = builder.AddProject<Projects.Orders>("orders")
    .WithHttpHealthCheck("/readyz")
    .WithReference(catalog);

var storefront = builder.AddProject<Projects.Storefront>("storefront")
    .WithHttpHealthCheck("/readyz")
    .WithReference(orders)
    .WithReference(catalog)
    .WaitFor(orders)
    .WaitFor(catalog)
    .WithExternalHttpEndpoints();

// Makes the traffic that the dashboard shows. It receives no requests, so there is nothing to exclude.
builder.AddProject<Projects.Shopper>("shopper")
    .WithReference(storefront)
    .WaitFor(storefront)
    .WithoutAppWideExclusions();

// Starts when asked to, and needs Python only then: python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
builder.AddExecutable("reviews", ".venv/bin/python", "../../playground/reviews", "app.py")
    .WithOtlpExporter()
    .WithHttpEndpoint(env: "PORT")
    .WithHttpHealthCheck("/readyz")
    .WithExplicitStart();

// To see what these exclusions remove from the traces, run without them: dotnet run --project src/AppHost -- --noise
// The configuration key Noise=true does the same.
if (!args.Contains("--noise") && !builder.Configuration.GetValue<bool>("Noise"))
{
    builder.WithExcludedUrls(@"^/favicon\.ico$");
    builder.WithExcludedHealthChecks();
    storefront.WithExcludedUrls("^/cart/[^/]+/badge$");
}

builder.Build().Run();
