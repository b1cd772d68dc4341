using System.Net;

namespace Storefront;

public sealed class OrdersClient(HttpClient http)
{
    public async Task<Order?> FindAsync(int id, CancellationToken cancellation)
    {
        using var response = await http.GetAsync($"/orders/{id}", cancellation);
        return response.StatusCode == HttpStatusCode.NotFound
            ? null
            : await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Order>(cancellation);
    }

    public async Task<Order> PlaceAsync(Cart cart, CancellationToken cancellation)
    {
        using var response = await http.PostAsJsonAsync("/orders", cart, cancellation);
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Order>(cancellation))!;
    }

    public Task<int> CountAsync(string customer, CancellationToken cancellation) =>
        http.GetFromJsonAsync<int>($"/customers/{customer}/orders/count", cancellation);
}
