namespace Storefront;

public sealed record Cart(string Customer, string Sku, int Quantity);
