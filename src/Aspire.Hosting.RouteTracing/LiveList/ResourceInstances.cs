using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>The instances of a resource, as Aspire published them last: its replicas, or the resource itself.</summary>
internal sealed class ResourceInstances(IResource resource, ResourceNotificationService notifications, TimeProvider time)
{
    // A service that passes its health check has started. Without a health check, it may still be starting.
    private static readonly TimeSpan ReportTimeoutWithHealthCheck = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(30);

    private static readonly string[] StartingStates =
    [
        "",
        KnownResourceStates.NotStarted,
        KnownResourceStates.Waiting,
        KnownResourceStates.Starting,
        KnownResourceStates.RuntimeUnhealthy,
    ];

    private readonly Lock _observing = new();
    private ImmutableHashSet<string> _ids = [];
    private long _runningSince;
    private bool _haveReported;

    /// <summary>Gets the running instances.</summary>
    public IReadOnlyList<ResourceEvent> Running =>
        [.. All.Where(instance => instance.Snapshot.State?.Text == KnownResourceStates.Running)];

    /// <summary>
    /// Gets whether Aspire has published a state of the resource. Before, a resource that was added during BeforeStart has no instance, and
    /// a property would be that of another one.
    /// </summary>
    public bool AreKnown => !Volatile.Read(ref _ids).IsEmpty;

    /// <summary>
    /// Gets whether an instance may be starting. The variables of a persistent resource can be set although it has not started.
    /// </summary>
    public bool MayBeStarting => All.Any(instance => StartingStates.Contains(instance.Snapshot.State?.Text ?? ""));

    private IEnumerable<ResourceEvent> All
    {
        get
        {
            foreach (var id in Volatile.Read(ref _ids))
            {
                if (notifications.TryGetCurrentState(id, out var state))
                {
                    yield return state;
                }
            }
        }
    }

    /// <summary>Called when Aspire has published a state of an instance.</summary>
    public void Observe(ResourceEvent state)
    {
        lock (_observing)
        {
            _ids = _ids.Add(state.ResourceId);
        }

        UpdateRunningSince();
    }

    /// <summary>
    /// Gets whether a process has reported its list since the first instance started. If the report is gone, it was deleted, or its process
    /// has ended.
    /// </summary>
    public bool HaveReported => Volatile.Read(ref _haveReported);

    /// <summary>Called when a process has reported its list.</summary>
    public void OnReport() => Volatile.Write(ref _haveReported, true);

    /// <summary>Returns whether the service has been running longer than its first report takes, without a report.</summary>
    public bool IsReportOverdue()
    {
        var timeout = resource.HasAnnotationOfType<HealthCheckAnnotation>() ? ReportTimeoutWithHealthCheck : ReportTimeout;
        return UpdateRunningSince() is var since and not 0 && time.GetElapsedTime(since) > timeout && !HaveReported;
    }

    // The time starts when an instance is first seen running and healthy. It is 0 before that, and while no instance runs.
    private long UpdateRunningSince()
    {
        lock (_observing)
        {
            var running = Running;
            if (running.Count == 0)
            {
                (_runningSince, _haveReported) = (0, false);
            }
            else if (_runningSince == 0 && running.Any(instance => instance.Snapshot.HealthStatus is HealthStatus.Healthy))
            {
                _runningSince = time.GetTimestamp();
            }

            return _runningSince;
        }
    }
}
