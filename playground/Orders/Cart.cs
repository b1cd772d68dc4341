namespace Orders;

public sealed record Cart(string Customer, string Sku, int Quantity);
