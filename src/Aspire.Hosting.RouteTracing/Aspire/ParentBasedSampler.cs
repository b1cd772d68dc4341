using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>
/// Replaces the sampler that Aspire sets in Development, always_on, by one that asks the parent, so that a service behind an excluded request goes
/// quiet whatever its language.
/// </summary>
internal sealed class ParentBasedSampler : IResourceAnnotation
{
    private ParentBasedSampler()
    {
    }

    // Right behind Aspire's own callback, which stands behind its annotation: a sampler that the application sets comes later and stays.
    public static void AddTo(IResource resource)
    {
        if (resource.HasAnnotationOfType<ParentBasedSampler>() || !resource.TryGetLastAnnotation<OtlpExporterAnnotation>(out var exporter))
        {
            return;
        }

        resource.Annotations.Add(new ParentBasedSampler());
        var position = resource.Annotations.IndexOf(exporter);
        do
        {
            position++;
        }
        while (position < resource.Annotations.Count && resource.Annotations[position] is not EnvironmentCallbackAnnotation);
        resource.Annotations.Insert(Math.Min(position + 1, resource.Annotations.Count), new EnvironmentCallbackAnnotation(context =>
        {
            if (context.EnvironmentVariables.TryGetValue(ExclusionVariables.Sampler, out var sampler) && sampler is ExclusionVariables.SamplerOfAspire)
            {
                context.EnvironmentVariables[ExclusionVariables.Sampler] = ExclusionVariables.SamplerThatAsksTheParent;
            }
        }));
    }
}
