using System.Diagnostics;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>Applies an edited list to a running service and returns what the service confirmed.</summary>
internal static class EditConfirmation
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Waits until the running processes use the list. Restarts the resource if it reads the list only at startup.
    /// </summary>
    public static async Task<(bool Success, string Text)> ApplyAsync(
        LiveResource live, IServiceProvider services, CancellationToken cancellationToken)
    {
        var running = live.CountRunning();
        if (running == 0)
        {
            return (true, $"'{live.Name}' isn't running and reads the list when it starts.");
        }

        if (!live.FollowsFile)
        {
            return await RestartAsync(live, services, cancellationToken).ConfigureAwait(false);
        }

        var started = Stopwatch.GetTimestamp();
        var statuses = live.ReadStatuses();
        while (statuses.Count(live.IsCurrentIn) < running && Stopwatch.GetElapsedTime(started) < Timeout)
        {
            await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);
            statuses = live.ReadStatuses();
        }

        var confirmed = statuses.Count(live.IsCurrentIn);
        return statuses.Count switch
        {
            0 when live.Current.Count == 0 => (true, "The service hasn't read it."),
            0 => (false, $"This is the AppHost's list, not read {live.ByService}"),
            _ when statuses.Any(status => !status.Enabled) => (false, "Route tracing is disabled in the service, so it excludes nothing."),
            _ when confirmed >= running && running == 1 => (true, "The service has confirmed it."),
            _ when confirmed >= running => (true, $"All {running} processes have confirmed it."),
            _ => (
                false,
                $"This is the AppHost's list; {confirmed} of {running} processes confirmed it within {Timeout.TotalSeconds} seconds."),
        };
    }

    private static async Task<(bool Success, string Text)> RestartAsync(
        LiveResource live, IServiceProvider services, CancellationToken cancellationToken)
    {
        var commands = services.GetRequiredService<ResourceCommandService>();
        foreach (var instance in live.RunningInstances.DefaultIfEmpty(live.Name))
        {
            var restart = await commands.ExecuteCommandAsync(instance, KnownResourceCommands.RestartCommand, cancellationToken)
                .ConfigureAwait(false);
            if (!restart.Success)
            {
                return (false, $"It reads the list only at startup and couldn't be restarted: {restart.Message}");
            }
        }

        return (true, "It was restarted because it reads the list only at startup.");
    }
}
