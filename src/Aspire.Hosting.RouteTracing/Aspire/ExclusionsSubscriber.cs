using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Lifecycle;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>Gives the resources their exclusions when the application model is complete, and says what could not be given.</summary>
internal sealed partial class ExclusionsSubscriber(ApplicationExclusions application, ILogger<ExclusionsSubscriber> logger) : IDistributedApplicationEventingSubscriber
{
    public Task SubscribeAsync(IDistributedApplicationEventing eventing, DistributedApplicationExecutionContext executionContext, CancellationToken cancellationToken)
    {
        eventing.Subscribe<BeforeStartEvent>((started, _) =>
        {
            foreach (var resource in started.Model.Resources.OfType<IResourceWithEnvironment>())
            {
                Apply(resource);
            }

            return Task.CompletedTask;
        });
        return Task.CompletedTask;
    }

    private void Apply(IResourceWithEnvironment resource)
    {
        var (patterns, skippedChecks) = application.Of(resource);
        if (patterns.Count == 0 && !resource.HasAnnotationOfType<OtlpExporterAnnotation>())
        {
            return;
        }

        ExclusionEnvironmentCallback.AddTo(resource, application).MoveToEnd();
        if (patterns.Count > 0)
        {
            ParentBasedSampler.AddTo(resource);
        }

        var decision = ExclusionEnvironment.Decide(ExclusionEnvironmentCallback.LanguageOf(resource), patterns, new Dictionary<string, string>(), publishing: false);
        foreach (var warning in decision.Warnings)
        {
            Log.NotGiven(logger, resource.Name, warning);
        }

        foreach (var path in skippedChecks)
        {
            Log.CheckNotExcluded(logger, resource.Name, path);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The resource '{Resource}' {Warning}")]
        public static partial void NotGiven(ILogger logger, string resource, string warning);

        [LoggerMessage(2, LogLevel.Warning, "The health check of the resource '{Resource}' asks '{Path}', which is a page of the application, too. It is not excluded; WithExcludedUrls(\"^/$\") would do so.")]
        public static partial void CheckNotExcluded(ILogger logger, string resource, string path);
    }
}
