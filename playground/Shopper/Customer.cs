using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Shopper;

/// <summary>Visits the shop every few seconds. Between visits, an open page polls the badge of the cart.</summary>
public sealed partial class Customer(StorefrontClient storefront, ILogger<Customer> logger) : BackgroundService
{
    private static readonly TimeSpan VisitInterval = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private int _visits;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(RepeatAsync(VisitAsync, VisitInterval, stoppingToken), RepeatAsync(PollBadgeAsync, PollInterval, stoppingToken));

    private async Task VisitAsync(CancellationToken cancellation)
    {
        await storefront.GetAsync("/", cancellation);
        await storefront.GetAsync("/favicon.ico", cancellation);

        var order = await storefront.PlaceOrderAsync("ada", "tea-pot", cancellation);
        await storefront.GetAsync(order, cancellation);

        if (_visits++ % 3 == 0)
        {
            // Fails: the shop sells no gift cards yet.
            await storefront.GetAsync("/gift-cards/birthday", cancellation);
        }
    }

    private Task PollBadgeAsync(CancellationToken cancellation) => storefront.GetAsync("/cart/ada/badge", cancellation);

    private async Task RepeatAsync(Func<CancellationToken, Task> act, TimeSpan interval, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(interval);
        do
        {
            try
            {
                await act(cancellation);
            }
            catch (Exception exception) when (exception is HttpRequestException || IsTimeout(exception, cancellation))
            {
                LogFailure(exception.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    // A breakpoint in a service can make a request time out.
    private static bool IsTimeout(Exception exception, CancellationToken cancellation) =>
        exception is TaskCanceledException && !cancellation.IsCancellationRequested;

    [LoggerMessage(LogLevel.Warning, "The storefront didn't answer: {Reason}")]
    private partial void LogFailure(string reason);
}
