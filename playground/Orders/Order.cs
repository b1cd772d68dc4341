namespace Orders;

public sealed record Order(int Id, string Customer, string Product, decimal Total)
{
    public static Order For(OrderEntry entry, Product product) =>
        new(entry.Id, entry.Customer, product.Name, entry.Quantity * product.Price);
}
