using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Lifecycle;
using Aspire.Hosting.RouteTracing.Variables;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.RouteTracing;

/// <summary>When the model is complete and nothing has started, reaches every resource that sends telemetry.</summary>
internal sealed partial class RouteTracingSubscriber(AppRouteTracing appRouteTracing, ILogger<RouteTracingSubscriber> logger) : IDistributedApplicationEventingSubscriber
{
    public Task SubscribeAsync(IDistributedApplicationEventing eventing, DistributedApplicationExecutionContext executionContext, CancellationToken cancellationToken)
    {
        eventing.Subscribe<BeforeStartEvent>((started, _) =>
        {
            foreach (var resource in started.Model.Resources.OfType<IResourceWithEnvironment>().Where(IsTraced))
            {
                RouteTracingEnvironment.Attach(resource, appRouteTracing);
                var described = RouteTracingEnvironment.Describe(resource, appRouteTracing, new Dictionary<string, object>());
                foreach (var warning in RouteTracingVariables.For(described).Warnings)
                {
                    Log.CannotBeTold(logger, warning);
                }
            }

            return Task.CompletedTask;
        });
        return Task.CompletedTask;
    }

    private static bool IsTraced(IResource resource) =>
        resource.HasAnnotationOfType<OtlpExporterAnnotation>() || resource.HasAnnotationOfType<RouteTracingAnnotation>();

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "{Reason}")]
        public static partial void CannotBeTold(ILogger logger, string reason);
    }
}
