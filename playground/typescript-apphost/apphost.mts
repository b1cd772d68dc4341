import { createBuilder } from './.aspire/modules/aspire.mjs';

const builder = await createBuilder();

const catalog = await builder
    .addProject("catalog", "../Catalog/Catalog.csproj")
    .withHttpHealthCheck({ path: "/readyz" });

const orders = await builder
    .addProject("orders", "../Orders/Orders.csproj")
    .withHttpHealthCheck({ path: "/readyz" })
    .withReference(catalog);

const storefront = await builder
    .addProject("storefront", "../Storefront/Storefront.csproj")
    .withHttpHealthCheck({ path: "/readyz" })
    .withReference(orders)
    .withReference(catalog)
    .waitFor(orders)
    .waitFor(catalog)
    .withExternalHttpEndpoints();

// Makes the traffic that the dashboard shows. It receives no requests, so there is nothing to exclude.
await builder
    .addProject("shopper", "../Shopper/Shopper.csproj")
    .withReference(storefront)
    .waitFor(storefront)
    .withoutAppWideExclusions();

// Starts when asked to, and needs Python only then: python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
await builder
    .addExecutable("reviews", ".venv/bin/python", "../reviews", ["app.py"])
    .withOtlpExporter()
    .withHttpEndpoint({ env: "PORT" })
    .withHttpHealthCheck({ path: "/readyz" })
    .withExplicitStart();

// To see what these exclusions remove from the traces, run without them: aspire run -- --noise
if (!process.argv.includes("--noise")) {
    await builder.withExcludedUrls(["^/favicon\\.ico$"]);
    await builder.withExcludedHealthChecks();
    await storefront.withExcludedUrls(["^/cart/[^/]+/badge$"]);
}

await builder.build().run();
