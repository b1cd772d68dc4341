using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.LiveList;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>Applies an edited list to a running service and returns what the service confirmed.</summary>
internal static class EditConfirmation
{
    private const int MaxRoutes = 10;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RestartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Waits until the running processes apply the list. Restarts the resource if it reads the list only at startup.
    /// </summary>
    public static async Task<(bool Success, string Text)> ApplyAsync(
        LiveResource live, bool restartsContainers, ExecuteCommandContext context)
    {
        if (!live.FollowsFile)
        {
            // A canceled edit doesn't cancel the restart, because the resource would stay stopped.
            var restart = RestartAsync(live, restartsContainers, context.Services);
            var isCompleted = await WaitUntilAsync(() => restart.IsCompleted, RestartTimeout, live.Time, context.CancellationToken)
                .ConfigureAwait(false);
            return isCompleted
                ? await restart.ConfigureAwait(false)
                : (false, $"'{live.Name}' reads the list only at startup and is still restarting.");
        }

        return await ConfirmAsync(live, context.CancellationToken).ConfigureAwait(false);
    }

    private static async Task<(bool Success, string Text)> ConfirmAsync(LiveResource live, CancellationToken cancellationToken)
    {
        IReadOnlyList<ServiceStatus> statuses = [];
        var (isRunning, haveReported, confirmed, processes) = (false, false, 0, 0);
        await WaitUntilAsync(
            () =>
            {
                statuses = live.ReadStatuses();
                (confirmed, processes) = (statuses.CountProcesses(live.IsCurrentIn), live.CountProcesses(statuses));
                (isRunning, haveReported) = (live.Instances.Running.Count > 0, live.Instances.HaveReported);
                return !isRunning || confirmed >= processes || statuses.Any(status => !status.Enabled);
            },
            Timeout,
            live.Time,
            cancellationToken).ConfigureAwait(false);

        if (!isRunning)
        {
            return (true, DescribeNotRunning(live));
        }

        if (statuses.Count == 0 && !haveReported)
        {
            return live.Current.Count == 0 ? (true, "The service hasn't reported its list.")
                : live.Instances.IsReportOverdue() ? (false, $"The list is not read {live.ByService}")
                : (true, "The service hasn't reported yet. If it calls AddRouteTracing(), it reads this list when it has started.");
        }

        if (statuses.Any(status => !status.Enabled))
        {
            return (false, "Route tracing is disabled in the service, so nothing is excluded.");
        }

        if (confirmed >= processes)
        {
            return (
                true,
                $"{(processes == 1 ? "The service has" : $"All {processes} processes have")} confirmed it."
                    + $"{DescribeOwnItems(live)}{DescribeRoutes(live, statuses)}");
        }

        var missing = live.FindMissing(statuses);
        return (
            false,
            missing.Count > 0
                ? $"The service has read this list, but doesn't apply {ListedUrl.Join(missing)}."
                : $"{confirmed} of {processes} processes confirmed it within {Timeout.TotalSeconds} seconds.");
    }

    /// <returns>Whether the condition was met in time.</returns>
    private static async Task<bool> WaitUntilAsync(
        Func<bool> isMet, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (!isMet())
        {
            if (time.GetElapsedTime(started) >= timeout)
            {
                return false;
            }

            await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private static async Task<(bool Success, string Text)> RestartAsync(
        LiveResource live, bool restartsContainers, IServiceProvider services)
    {
        // One after another: an edit during a restart needs another restart.
        await live.RestartLock.WaitAsync().ConfigureAwait(false);
        try
        {
            return await RestartIfNeededAsync(live, restartsContainers, services).ConfigureAwait(false);
        }
        finally
        {
            live.RestartLock.Release();
        }
    }

    private static async Task<(bool Success, string Text)> RestartIfNeededAsync(
        LiveResource live, bool restartsContainers, IServiceProvider services)
    {
        if (live.Instances.Running.Count == 0)
        {
            return live.ListAtStart is not null && live.Instances.MayBeStarting
                ? (false, $"'{live.Name}' may start with the previous list. Restart it to apply this one.")
                : (true, DescribeNotRunning(live));
        }

        if (live.ListAtStart?.SequenceEqual(live.Current) == true)
        {
            return (true, $"'{live.Name}' has started with this list.");
        }

        if (!restartsContainers && live.Resource.IsContainer())
        {
            return (
                true,
                "The container reads the list when it is restarted. A restart deletes the data that is not in a volume, so "
                    + "'all-resources' restarts no container.");
        }

        var commands = services.GetRequiredService<ResourceCommandService>();
        var running = live.Instances.Running;
        foreach (var instance in running)
        {
            var restart = await commands.ExecuteCommandAsync(instance.ResourceId, KnownResourceCommands.RestartCommand)
                .ConfigureAwait(false);
            if (!restart.Success)
            {
                return (false, $"'{live.Name}' reads the list only at startup and couldn't be restarted: {restart.Message}");
            }
        }

        return await WaitForStartAsync(live, running).ConfigureAwait(false)
            ? (true, $"'{live.Name}' was restarted because it reads the list only at startup.")
            : (false, $"'{live.Name}' was restarted because it reads the list only at startup, but it isn't running yet.");
    }

    // Aspire's restart ends before the state of the resource changes.
    private static Task<bool> WaitForStartAsync(LiveResource live, IReadOnlyList<ResourceEvent> before)
    {
        DateTime?[] times = [.. before.Select(instance => instance.Snapshot.StartTimeStamp).Where(time => time is not null)];
        return WaitUntilAsync(
            () => live.Instances.Running.Count(instance => !times.Contains(instance.Snapshot.StartTimeStamp)) >= before.Count,
            StartTimeout,
            live.Time,
            CancellationToken.None);
    }

    private static string DescribeNotRunning(LiveResource live) => $"'{live.Name}' isn't running and reads the list when it starts.";

    private static string DescribeOwnItems(LiveResource live)
    {
        var own = live.ToListed(live.FindOwnItems()).ToArray();
        return own.Length == 0 ? "" : $" The service adds {ListedUrl.Join(own)}.";
    }

    private static string DescribeRoutes(LiveResource live, IReadOnlyList<ServiceStatus> statuses)
    {
        // A process that has had no request doesn't know its routes.
        var status = statuses.MaxBy(status => status.RouteCount)!;
        if (status.RouteCount == 0)
        {
            return "";
        }

        var excluded = status.ExcludedRoutes;
        var more = excluded.Count > MaxRoutes ? $" and {excluded.Count - MaxRoutes} more" : "";
        var routes = excluded.Count == 0
            ? $" It excludes none of {status.RouteCount} routes."
            : $" It excludes {excluded.Count} of {status.RouteCount} routes: {string.Join(", ", excluded.Take(MaxRoutes))}{more}.";
        string[] unmatched = [.. live.Added.Intersect(status.UnmatchedItems, StringComparer.Ordinal)];
        return unmatched.Length == 0 ? routes : $"{routes} No sample URL of a route matches {string.Join(" or ", unmatched)}.";
    }
}
