using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Pipelines;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>
/// A step of publishing and deploying. Its warnings name the patterns that the resources don't get. Aspire's command line prints them.
/// </summary>
internal static class PublishWarnings
{
    private const string StepName = "check-excluded-urls";

    public static void AddStep(IDistributedApplicationBuilder builder, AppExclusions app)
    {
#pragma warning disable ASPIREPIPELINES001 // The pipeline is the only place whose warnings the command line prints.
        builder.Pipeline.AddStep(
            StepName,
            context => WarnAsync(context, app),
            requiredBy: new[]
            {
                WellKnownPipelineSteps.PublishPrereq,
                WellKnownPipelineSteps.Publish,
                WellKnownPipelineSteps.DeployPrereq,
                WellKnownPipelineSteps.Deploy,
                VariableCarrier.ManifestStep,
            });
    }

    private static async Task WarnAsync(PipelineStepContext context, AppExclusions app)
    {
        // Nothing is resolved, so no parameter is asked for.
        foreach (var resource in context.Model.Resources.Where(
            resource => AppExclusions.IsTraced(resource) && !resource.IsExcludedFromPublish()).ToArray())
        {
            // Subscribers of BeforeStartEvent can have added resources and variables.
            ExclusionEnvironment.Attach(resource, app);
            var environment = new EnvironmentCallbackContext(
                context.ExecutionContext, resource, cancellationToken: context.CancellationToken);
            foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToArray())
            {
                await annotation.Callback(environment).ConfigureAwait(false);
            }

            foreach (var warning in app.GetWarnings(resource))
            {
                context.ReportingStep.Log(LogLevel.Warning, warning);
            }
        }
#pragma warning restore ASPIREPIPELINES001
    }
}
