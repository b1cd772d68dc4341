namespace Aspire.RouteTracing.Benchmarks.Decisions;

/// <summary>Exclusion lists of items such as services have.</summary>
public enum ExclusionLists
{
    /// <summary>Plain text, anchored or not, as most items are.</summary>
    Literals,

    /// <summary>Regular expressions.</summary>
    Expressions,

    /// <summary>Two literals to each expression.</summary>
    Mixed,
}

internal static class ExclusionListsExtensions
{
    private static readonly string[] Services =
    [
        "orders", "catalog", "cart", "payments", "shipping", "users", "search", "reviews", "inventory", "billing", "auth", "profile",
        "images", "reports", "mail", "stock", "prices", "tax", "offers", "returns", "invoices", "wishlist", "sessions", "events", "audit",
    ];

    /// <summary>Creates a list whose last item excludes <see cref="ExcludedPath"/>.</summary>
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

    public static string TracedPath(int number) => $"/api/customers/{number}/orders";

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

    private static string Service(int number) => $"{Services[number % Services.Length]}{number / Services.Length}";
}
