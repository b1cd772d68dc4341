using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Lifecycle;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.LiveList;
using Aspire.Hosting.RouteTracing.Variables;

namespace Aspire.Hosting.RouteTracing;

/// <summary>Adds variables, property and commands to every traced resource before it starts.</summary>
internal sealed class RouteTracingSubscriber(
    AppExclusions app, LiveListFolder folder, ResourceNotificationService notifications, ResourceLoggerService loggers, TimeProvider time)
    : IDistributedApplicationEventingSubscriber
{
    public Task SubscribeAsync(
        IDistributedApplicationEventing eventing,
        DistributedApplicationExecutionContext executionContext,
        CancellationToken cancellationToken)
    {
        eventing.Subscribe<BeforeStartEvent>(async (started, _) =>
        {
            foreach (var resource in started.Model.Resources.ToArray())
            {
                await AddToAsync(resource).ConfigureAwait(false);
            }
        });

        // Other subscribers of BeforeStartEvent can add resources and variables afterwards.
        eventing.Subscribe<BeforeResourceStartedEvent>((starting, _) => AddToAsync(starting.Resource));
        return Task.CompletedTask;

        async Task AddToAsync(IResource resource)
        {
            if (!AppExclusions.IsTraced(resource))
            {
                return;
            }

            if (executionContext.IsRunMode && app.HasExclusions(resource) && !resource.HasAnnotationOfType<LiveResource>())
            {
                await MakeLiveAsync(resource).ConfigureAwait(false);
            }

            ExclusionEnvironment.Attach(resource, app);
        }
    }

    private async Task MakeLiveAsync(IResource resource)
    {
        var live = new LiveResource(resource, app, folder, notifications, loggers, time);
        app.Add(live);

        // Validates the list before the resource starts.
        app.SetWarnings(resource, live.FindWarnings(app.GetList(resource)));
        await live.Property.RefreshAsync().ConfigureAwait(false);
    }
}
