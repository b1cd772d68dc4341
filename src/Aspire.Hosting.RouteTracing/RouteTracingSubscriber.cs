using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Lifecycle;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.LiveList;
using Aspire.Hosting.RouteTracing.Variables;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.RouteTracing;

/// <summary>Reaches every resource that exports telemetry when the model is complete and nothing has started.</summary>
internal sealed partial class RouteTracingSubscriber(
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
            foreach (var resource in started.Model.Resources.Where(AppExclusions.IsTraced))
            {
                if (executionContext.IsRunMode)
                {
                    await MakeLiveAsync(resource, started.Model).ConfigureAwait(false);
                }

                ExclusionEnvironment.Attach(resource, app);
            }

            if (executionContext.IsRunMode)
            {
                app.ShowWarnings((resource, text) => Log.Ignored(loggers.GetLogger(resource), text));
            }
        });
        return Task.CompletedTask;
    }

    private async Task MakeLiveAsync(IResource resource, DistributedApplicationModel model)
    {
        if (app.IsEmpty || app.IsLeftAlone(resource) || resource.HasAnnotationOfType<LiveResource>())
        {
            return;
        }

        var live = new LiveResource(resource, app, folder, notifications, time);
        resource.Annotations.Add(live);
        Commands.AddTo(app.GetBuilder(resource), live, model);

        // An error in the list stops the start, and what the resource can't be told is known before it starts.
        var writer = new ExclusionVariables(resource.Name, live.Language, app.Carriers, new Dictionary<string, object>());
        writer.Write(app.GetList(resource));
        app.Warn(resource, writer.Warnings);
        await live.Property.RefreshAsync().ConfigureAwait(false);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Warning}")]
        public static partial void Ignored(ILogger logger, string warning);
    }
}
