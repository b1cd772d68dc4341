using System.Net;
using System.Net.Http.Json;

namespace AppHost.WithoutAspire;

/// <summary>What a customer, her browser and the platform ask of the storefront.</summary>
internal sealed class SampleTraffic(Uri storefront) : IDisposable
{
    private static readonly (HttpMethod Method, string Path, HttpStatusCode Answer)[] Round =
    [
        (HttpMethod.Get, "/", HttpStatusCode.OK),
        (HttpMethod.Get, "/favicon.ico", HttpStatusCode.NoContent),
        (HttpMethod.Get, "/readyz", HttpStatusCode.OK),
        (HttpMethod.Get, "/orders/42", HttpStatusCode.OK),
        (HttpMethod.Get, "/cart/ada/badge", HttpStatusCode.OK),
        (HttpMethod.Get, "/orders/7", HttpStatusCode.NotFound),
        (HttpMethod.Get, "/alive", HttpStatusCode.OK),
        (HttpMethod.Post, "/checkout", HttpStatusCode.Created),
        (HttpMethod.Get, "/health", HttpStatusCode.OK),
        (HttpMethod.Get, "/gift-cards/spring", HttpStatusCode.InternalServerError),
        (HttpMethod.Get, "/no/such/page", HttpStatusCode.NotFound),
    ];

    // The traces start in the storefront, whatever activity this process may be in.
    private readonly HttpClient _client = new(new SocketsHttpHandler { ActivityHeadersPropagator = null, UseProxy = false }) { BaseAddress = storefront };

    /// <exception cref="PlaygroundException">A request was not answered as it should be.</exception>
    public async Task SendRoundAsync(CancellationToken cancellation)
    {
        foreach (var (method, path, answer) in Round)
        {
            using var request = new HttpRequestMessage(method, path);
            if (method == HttpMethod.Post)
            {
                request.Content = JsonContent.Create(new { customer = "ada", sku = "tea-cup", quantity = 2 });
            }

            try
            {
                using var response = await _client.SendAsync(request, cancellation);
                if (response.StatusCode != answer)
                {
                    throw new PlaygroundException($"{method} {path} was answered {(int)response.StatusCode}, not {(int)answer}.");
                }
            }
            catch (HttpRequestException exception)
            {
                throw new PlaygroundException($"{method} {path} was not answered: {exception.Message}");
            }
        }
    }

    public void Dispose() => _client.Dispose();
}
