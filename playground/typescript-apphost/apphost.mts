import { createBuilder } from './.aspire/modules/aspire.mjs';

const builder = await createBuilder();

// Every resource with telemetry: these URLs, and the paths of its own health checks
await builder.withExcludedUrls(["^/favicon\\.ico$"]);
await builder.withExcludedHealthChecks();
await builder.withSanitizedHeaders(["x-session-.*"]);

const catalog = await builder
    .addProject("catalog", "../Catalog/Catalog.csproj")
    .withHttpHealthCheck({ path: "/readyz" });

const orders = await builder
    .addProject("orders", "../Orders/Orders.csproj")
    .withHttpHealthCheck({ path: "/readyz" })
    .withReference(catalog)
    .waitFor(catalog);

await builder
    .addProject("storefront", "../Storefront/Storefront.csproj")
    .withHttpHealthCheck({ path: "/readyz" })
    .withExcludedUrls(["^/cart/[^/]+/badge$"])
    .withCapturedRequestHeaders(["user-agent", "x-session-id"])
    .withCapturedResponseHeaders(["content-type"])
    .withReference(orders)
    .withReference(catalog)
    .waitFor(orders)
    .withExternalHttpEndpoints();

// Takes nothing from the lists above, so that only its own health checks are left out.
// Starts when asked to, and needs Python only then: python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
await builder
    .addExecutable("reviews", ".venv/bin/python", "../reviews", ["app.py"])
    .withOtlpExporter()
    .withHttpEndpoint({ env: "PORT" })
    .withHttpHealthCheck({ path: "/readyz" })
    .withoutExcludedUrls()
    .withExcludedHealthChecks()
    .withExplicitStart();

await builder.build().run();
