namespace Orders;

public sealed record OrderEntry(int Id, string Customer, string Sku, int Quantity);
