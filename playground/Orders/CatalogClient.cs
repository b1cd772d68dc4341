namespace Orders;

public sealed class CatalogClient(HttpClient http)
{
    public async Task<Product> GetAsync(string sku, CancellationToken cancellation) =>
        (await http.GetFromJsonAsync<Product>($"/api/products/{sku}", cancellation))!;

    public async Task ReserveAsync(string sku, CancellationToken cancellation)
    {
        using var response = await http.PostAsync($"/Stock/Reserve/{sku}", content: null, cancellation);
        response.EnsureSuccessStatusCode();
    }
}
