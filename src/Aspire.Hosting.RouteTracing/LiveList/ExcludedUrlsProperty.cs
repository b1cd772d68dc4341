using System.Diagnostics.CodeAnalysis;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>The property of a resource that shows its list and what the service reports about it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore needs no disposal, because its wait handle isn't used.")]
internal sealed class ExcludedUrlsProperty(
    IResource resource, LiveResource live, AppExclusions app, ResourceNotificationService notifications)
{
    private const string Name = "aspire.route_tracing.excluded_urls";

    private readonly SemaphoreSlim _refreshing = new(1);
    private string? _shown;
    private bool _isUnread;

    /// <summary>Joins the patterns of a list as users may see them.</summary>
    public static string Join(IReadOnlyList<ListedUrl> list) =>
        list.Count == 0 ? "none" : string.Join(", ", list.Select(url => url.Display));

    /// <summary>
    /// Publishes the list and its state, and updates the arguments of the edit command. Warns once if the service doesn't read its list.
    /// </summary>
    public async Task RefreshAsync()
    {
        // In order, so that an older state never replaces a newer one.
        await _refreshing.WaitAsync().ConfigureAwait(false);
        try
        {
            await PublishAsync().ConfigureAwait(false);
        }
        finally
        {
            _refreshing.Release();
        }
    }

    private async Task PublishAsync()
    {
        var statuses = live.ReadStatuses();
        var isUnread = live.Reports && live.Current.Count > 0 && statuses.Count == 0 && live.IsReportOverdue();

        // Only a resource with an endpoint receives requests.
        if (isUnread && !_isUnread && resource.HasAnnotationOfType<EndpointAnnotation>())
        {
            _isUnread = true;
            app.Show(resource, $"The excluded URLs are not read {live.ByService}");
        }

        var warnings = app.GetWarnings().Where(warning => warning.Resource == resource).Select(warning => warning.Text);
        var edited = live.IsEdited ? ["Edited in this run."] : Array.Empty<string>();
        var text = string.Join(' ', [.. edited, GetState(statuses, isUnread), .. warnings]);
        if (_shown == text)
        {
            return;
        }

        _shown = text;
        Commands.SetEditInputs(live);
        var property = new ResourcePropertySnapshot(Name, text) { DisplayName = "Excluded URLs", IsHighlighted = true };
        await notifications.PublishUpdateAsync(
            resource,
            snapshot => snapshot with { Properties = [.. snapshot.Properties.Where(present => present.Name != Name), property] })
            .ConfigureAwait(false);
    }

    // The dashboard truncates a long value, so the state comes first.
    private string GetState(IReadOnlyList<ServiceStatus> statuses, bool isUnread)
    {
        var list = Join(live.Current);
        if (!live.IsRead || (live.Current.Count == 0 && !live.Reports))
        {
            return "None.";
        }

        if (!live.Reports)
        {
            return $"Read at startup: {list}.";
        }

        if (live.CountRunning() == 0)
        {
            return $"Not running: {list}.";
        }

        if (statuses.Count == 0)
        {
            return isUnread ? $"Not read {live.ByService} {list}." : $"Not read yet: {list}.";
        }

        var current = statuses.Where(live.IsCurrentIn).ToArray();
        var items = Join([.. current.Append(statuses[0]).First().Items.Select(live.Find)]);
        return statuses.Any(status => !status.Enabled) ? "Route tracing is disabled in the service."
            : current.Length == statuses.Count ? $"In force: {items}."
            : current.Length == 0 ? $"Another list is in force: {items}."
            : $"In force in {current.Length} of {statuses.Count} processes: {items}.";
    }
}
