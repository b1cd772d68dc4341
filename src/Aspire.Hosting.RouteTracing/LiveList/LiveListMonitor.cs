using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>Refreshes the properties of the resources while the application runs. Stops after a failure, which is logged.</summary>
internal sealed partial class LiveListMonitor(
    DistributedApplicationModel model, ResourceNotificationService notifications, ILogger<LiveListMonitor> logger) : BackgroundService
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
                foreach (var live in model.Resources.SelectMany(resource => resource.Annotations.OfType<LiveResource>()).ToArray())
                {
                    await live.Property.RefreshAsync().ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The AppHost ends.
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Error, "The property 'Excluded URLs' could not be updated and is outdated until the AppHost restarts.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
