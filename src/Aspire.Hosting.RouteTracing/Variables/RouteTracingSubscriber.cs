using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Lifecycle;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.LiveExclusions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>When the model is complete and nothing has started, reaches every resource that sends telemetry.</summary>
internal sealed class RouteTracingSubscriber(
    AppRouteTracing appRouteTracing,
    LiveListFolder folder,
    ResourceNotificationService notifications,
    IConfiguration configuration,
    ILogger<RouteTracingSubscriber> logger) : IDistributedApplicationEventingSubscriber
{
    public Task SubscribeAsync(IDistributedApplicationEventing eventing, DistributedApplicationExecutionContext executionContext, CancellationToken cancellationToken)
    {
        eventing.Subscribe<BeforeStartEvent>(async (started, _) =>
        {
            appRouteTracing.Logger = logger;
            foreach (var resource in started.Model.Resources.OfType<IResourceWithEnvironment>().Where(IsTraced))
            {
                var described = RouteTracingEnvironment.Describe(resource, appRouteTracing, new Dictionary<string, object>());
                appRouteTracing.Warn(RouteTracingVariables.For(described).Warnings);

                if (executionContext.IsRunMode && appRouteTracing.ExclusionKey is not null && described.Language.ReadsExcludedUrls && !resource.HasAnnotationOfType<LiveResource>())
                {
                    await MakeLiveAsync(resource, described, started.Model).ConfigureAwait(false);
                }

                RouteTracingEnvironment.Attach(resource, appRouteTracing);
            }
        });

        // What is set as the resource starts comes after what was attached before the start.
        eventing.Subscribe<BeforeResourceStartedEvent>((starting, _) =>
        {
            if (IsTraced(starting.Resource))
            {
                RouteTracingEnvironment.Attach(starting.Resource, appRouteTracing);
            }

            return Task.CompletedTask;
        });
        return Task.CompletedTask;
    }

    private Task MakeLiveAsync(IResource resource, TracedResource described, DistributedApplicationModel model)
    {
        // A container doesn't see the AppHost's files, and of another executable nobody knows whether it looks. A persistent
        // resource would be made anew in the next run, whose file has another name.
        var followsFile = described.Language == ResourceLanguage.DotNet && !resource.IsContainer() && !ResourceLifetimes.IsPersistent(resource);
        var file = followsFile ? folder.GetFile(resource.Name) : null;
        var live = new LiveResource(resource, file, notifications);
        live.List.Declare([.. described.ListedUrls]);
        resource.Annotations.Add(live);
        LiveResourceCommands.AddTo(appRouteTracing.GetBuilder(resource), live);
        TracesLink.AddTo(resource, model, configuration);
        return live.ShowAsync();
    }

    private static bool IsTraced(IResource resource) =>
        resource.HasAnnotationOfType<OtlpExporterAnnotation>() || resource.HasAnnotationOfType<RouteTracingAnnotation>();
}
