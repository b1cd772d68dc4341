using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>Refreshes the properties of the resources while the application runs.</summary>
internal sealed class LiveListMonitor(AppExclusions app, ResourceNotificationService notifications) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(WatchAsync(stoppingToken), RefreshAsync(stoppingToken)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The AppHost ends.
        }
    }

    private async Task WatchAsync(CancellationToken stoppingToken)
    {
        await foreach (var state in notifications.WatchAsync(stoppingToken).ConfigureAwait(false))
        {
            if (state.Resource.TryGetLastAnnotation<LiveResource>(out var live))
            {
                live.Instances.Observe(state);
            }
        }
    }

    // The folders are polled because file system watchers miss changes on some file systems.
    private async Task RefreshAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            foreach (var live in app.Live)
            {
                await live.Property.RefreshAsync().ConfigureAwait(false);
            }
        }
    }
}
