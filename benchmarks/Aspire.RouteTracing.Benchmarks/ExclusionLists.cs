namespace Aspire.RouteTracing.Benchmarks;

/// <summary>Exclusion lists of the items that services have, and paths to look for in them.</summary>
public enum ExclusionLists
{
    /// <summary>Plain text, anchored or not, as most items are.</summary>
    Literals,

    /// <summary>Items that take a regular expression.</summary>
    Expressions,

    /// <summary>Two plain ones to each one that isn't.</summary>
    Mixed,
}

internal static class ExclusionListsExtensions
{
    private static readonly string[] Services =
    [
        "orders", "catalog", "cart", "payments", "shipping", "users", "search", "reviews", "inventory", "billing", "auth", "profile", "images",
        "reports", "mail", "stock", "prices", "tax", "offers", "returns", "invoices", "wishlist", "sessions", "events", "audit",
    ];

    /// <summary>A list, whose last item is the one that excludes <see cref="ExcludedPath"/>.</summary>
    public static string[] Create(this ExclusionLists kind, int count) =>
    [
        .. Enumerable.Range(0, count - 1).Select(number => kind switch
        {
            ExclusionLists.Literals => Literal(number),
            ExclusionLists.Expressions => Expression(number),
            _ => number % 3 < 2 ? Literal(number) : Expression(number),
        }),
        kind is ExclusionLists.Literals ? "^/client/" : "client/.*/info",
    ];

    public static string ExcludedPath(int number) => $"/client/{number}/info";

    public static string IncludedPath(int number) => $"/api/customers/{number}/orders";

    private static string Literal(int number) => (number % 4) switch
    {
        0 => $"^/{Service(number)}/health$",
        1 => $"^/{Service(number)}/ready$",
        2 => $"^/{Service(number)}/swagger",
        _ => $"/{Service(number)}/metrics",
    };

    private static string Expression(int number) => (number % 4) switch
    {
        0 => $"^/{Service(number)}/(health|alive|ready)z?$",
        1 => $"{Service(number)}/.*/info",
        2 => $"^/{Service(number)}/v[0-9]+/ping$",
        _ => $@"^/assets/{Service(number)}.+\.(css|js|png)$",
    };

    // Hundreds of services have few names between them.
    private static string Service(int number) => $"{Services[number % Services.Length]}{number / Services.Length}";
}
