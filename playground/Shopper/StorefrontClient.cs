using System.Net.Http.Json;

namespace Shopper;

public sealed class StorefrontClient(HttpClient http)
{
    /// <summary>Requests a page. The status code of the response is ignored.</summary>
    public async Task GetAsync(string path, CancellationToken cancellation)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), cancellation);
    }

    /// <summary>Places an order and returns the path of its page.</summary>
    public async Task<string> PlaceOrderAsync(string customer, string sku, CancellationToken cancellation)
    {
        using var response = await http.PostAsJsonAsync("/checkout", new { customer, sku, quantity = 1 }, cancellation);
        return response.EnsureSuccessStatusCode().Headers.Location!.ToString();
    }
}
