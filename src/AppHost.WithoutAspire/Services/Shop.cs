namespace AppHost.WithoutAspire.Services;

/// <summary>The same services, with the same exclusions, as the model in src/AppHost/AppHost.cs.</summary>
internal static class Shop
{
    /// <summary>What <c>builder.WithExcludedHealthChecks</c> makes of the path that <c>WithHttpHealthCheck</c> is given for each of them.</summary>
    public const string ReadinessPattern = "^/readyz/?$";

    /// <summary>What <c>builder.WithExcludedUrls</c> says of all of them.</summary>
    public static IReadOnlyList<string> ExcludedUrls { get; } = [@"^/favicon\.ico$"];

    public static Service Storefront { get; } = new("storefront", "Storefront", ["orders", "catalog"], ["^/cart/[^/]+/badge$"]);

    public static Service Orders { get; } = new("orders", "Orders", ["catalog"], []);

    public static Service Catalog { get; } = new("catalog", "Catalog", [], []);

    public static IReadOnlyList<Service> Services { get; } = [Catalog, Orders, Storefront];
}
