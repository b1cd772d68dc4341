var builder = DistributedApplication.CreateBuilder(args);

builder.WithExcludedUrls(@"^/favicon\.ico$");
builder.WithExcludedHealthChecks();

var catalog = builder.AddProject<Projects.Catalog>("catalog")
    .WithHttpHealthCheck("/readyz");

var orders = builder.AddProject<Projects.Orders>("orders")
    .WithHttpHealthCheck("/readyz")
    .WithReference(catalog)
    .WaitFor(catalog);

builder.AddProject<Projects.Storefront>("storefront")
    .WithHttpHealthCheck("/readyz")
    .WithExcludedUrls("^/cart/[^/]+/badge$")
    .WithReference(orders)
    .WithReference(catalog)
    .WaitFor(orders)
    .WithExternalHttpEndpoints();

// Starts when asked to, and needs Python only then: python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
builder.AddExecutable("reviews", ".venv/bin/python", "../../playground/reviews", "app.py")
    .WithOtlpExporter()
    .WithHttpEndpoint(env: "PORT")
    .WithHttpHealthCheck("/readyz")
    .WithExplicitStart();

builder.Build().Run();
