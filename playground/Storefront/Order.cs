namespace Storefront;

public sealed record Order(int Id, string Customer, string Product, decimal Total);
