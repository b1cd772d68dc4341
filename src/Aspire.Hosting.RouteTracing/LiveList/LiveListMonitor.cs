using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>Refreshes the properties of the resources while the application runs.</summary>
internal sealed class LiveListMonitor(DistributedApplicationModel model, ResourceNotificationService notifications) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(WatchAsync(stoppingToken), RefreshAsync(stoppingToken));

    private async Task WatchAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var state in notifications.WatchAsync(stoppingToken).ConfigureAwait(false))
            {
                if (state.Resource.TryGetLastAnnotation<LiveResource>(out var live))
                {
                    live.Update(state);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The AppHost ends.
        }
    }

    // The folders are polled because file system watchers miss changes on some file systems.
    private async Task RefreshAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                foreach (var live in FindLive())
                {
                    await live.Property.RefreshAsync().ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The AppHost ends.
        }
    }

    private LiveResource[] FindLive()
    {
        try
        {
            return [.. model.Resources.SelectMany(resource => resource.Annotations.OfType<LiveResource>())];
        }
        catch (InvalidOperationException)
        {
            // A resource or an annotation is being added. The next tick finds all.
            return [];
        }
    }
}
