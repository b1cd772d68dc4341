using System.Diagnostics.CodeAnalysis;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.LiveList;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>The property of a resource that shows its list and what the service reports about it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore needs no disposal, because its wait handle isn't used.")]
internal sealed partial class ExcludedUrlsProperty(
    LiveResource live, AppExclusions app, ResourceNotificationService notifications, ResourceLoggerService loggers)
{
    private const string Name = "aspire.route_tracing.excluded_urls";

    private readonly SemaphoreSlim _refreshing = new(1);
    private readonly HashSet<string> _logged = new(StringComparer.Ordinal);
    private IReadOnlyList<ListedUrl>? _listed;
    private string? _shown;

    /// <summary>
    /// Publishes the list and its state, updates the arguments of the edit command, and logs each warning once in the console log of the
    /// resource. A failure is logged there, too, and the next refresh tries again.
    /// </summary>
    public async Task RefreshAsync()
    {
        // In order, so that an older state never replaces a newer one.
        await _refreshing.WaitAsync().ConfigureAwait(false);
        try
        {
            await PublishAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Publishing runs code of the AppHost, such as the state callbacks of its commands.
            if (_logged.Add(exception.Message))
            {
                Log.Failed(loggers.GetLogger(live.Resource), exception);
            }
        }
        finally
        {
            _refreshing.Release();
        }
    }

    /// <summary>Returns what the property shows: the list, its state, and the problems.</summary>
    public string Describe() => Describe(live.ReadStatuses());

    private async Task PublishAsync()
    {
        live.RestoreFile();
        var statuses = live.ReadStatuses();

        // Only a resource with an endpoint receives requests.
        string[] unread = IsUnread(statuses) && live.Resource.HasAnnotationOfType<EndpointAnnotation>()
            ? [$"The excluded URLs are not read {live.ByService}"]
            : [];
        foreach (var warning in unread.Concat(GetWarnings()).Where(_logged.Add))
        {
            Log.Warning(loggers.GetLogger(live.Resource), warning);
        }

        var (list, text) = (live.Current, Describe(statuses));
        if (_listed == list && _shown == text)
        {
            return;
        }

        Commands.CreateEditInputs(live).CopyTo(live.EditInputs, 0);
        if (!live.Instances.AreKnown)
        {
            return;
        }

        var property = new ResourcePropertySnapshot(Name, text) { DisplayName = "Excluded URLs", IsHighlighted = true };
        await notifications.PublishUpdateAsync(
            live.Resource,
            snapshot => Commands.WithEditInputs(
                snapshot with { Properties = [.. snapshot.Properties.Where(present => present.Name != Name), property] }, live))
            .ConfigureAwait(false);
        (_listed, _shown) = (list, text);
    }

    private bool IsUnread(IReadOnlyList<ServiceStatus> statuses) =>
        live.CanReport && live.Current.Count > 0 && statuses.Count == 0 && live.Instances.IsReportOverdue();

    // The dashboard truncates a long value, so the state comes first.
    private string Describe(IReadOnlyList<ServiceStatus> statuses)
    {
        string[] edited = live.IsEdited ? ["Edited in this run."] : [];
        return string.Join(' ', [.. edited, GetState(statuses), .. DescribeProblems(statuses), .. GetWarnings()]);
    }

    private IEnumerable<string> GetWarnings() =>
        live.WriteProblem is { } problem ? [problem, .. app.GetWarnings(live.Resource)] : app.GetWarnings(live.Resource);

    // The reason can contain a secret item, so it is not shown then.
    private IEnumerable<string> DescribeProblems(IReadOnlyList<ServiceStatus> statuses)
    {
        ServiceStatus.Problem[] problems = [.. statuses.SelectMany(status => status.Problems)];
        var descriptions = live.ToListed(problems.Select(problem => problem.Item)).Zip(
            problems,
            (url, problem) => url.IsSecret
                ? $"An item from {url.Source} has a problem, which the service logs."
                : $"'{url.Pattern}' from {url.Source}: {problem.Reason}");
        return descriptions.Distinct(StringComparer.Ordinal);
    }

    private string GetState(IReadOnlyList<ServiceStatus> statuses)
    {
        var list = ListedUrl.Join(live.Current);

        // An edit that empties a list isn't "None.", because the service may still use the previous one.
        var wasEmptied = live.CanReport ? live.IsEdited : live.ListAtStart is { Count: > 0 };
        if (!live.Language.ReadsExcludedUrls || (live.Current.Count == 0 && statuses.Count == 0 && !wasEmptied))
        {
            return "None.";
        }

        if (live.Instances.Running.Count == 0)
        {
            return $"Not running: {list}.";
        }

        if (!live.CanReport)
        {
            var started = ListedUrl.Join(live.ListAtStart ?? live.Current);
            return $"Set at startup: {started}.{(started == list ? "" : $" To be set at the next start: {list}.")}";
        }

        if (statuses.Count == 0)
        {
            return live.Instances.HaveReported ? $"No longer reported: {list}."
                : IsUnread(statuses) ? $"Not read {live.ByService} Its list: {list}."
                : $"Not read yet: {list}.";
        }

        return GetReported(statuses);
    }

    private string GetReported(IReadOnlyList<ServiceStatus> statuses)
    {
        if (statuses.Any(status => !status.Enabled))
        {
            return "Route tracing is disabled in the service.";
        }

        var (reading, processes) = (statuses.CountProcesses(live.IsReadBy), live.CountProcesses(statuses));
        var items = ListedUrl.Join(live.ToListed((statuses.FirstOrDefault(live.IsReadBy) ?? statuses[0]).Items));
        var missing = live.FindMissing(statuses);
        var state = reading == processes ? "In force"
            : reading == 0 ? "Another list is in force"
            : $"In force in {reading} of {processes} processes";
        return $"{state}: {items}.{(missing.Count == 0 ? "" : $" Not applied: {ListedUrl.Join(missing)}.")}";
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Warning}")]
        public static partial void Warning(ILogger logger, string warning);

        [LoggerMessage(2, LogLevel.Error, "The property 'Excluded URLs' could not be updated.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
