using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.LiveExclusions;

/// <summary>Aspire asks the same of a resource, but keeps the answer to itself.</summary>
internal static class ResourceLifetimes
{
    /// <summary>Whether it outlives the AppHost, and is made anew where the next run tells it something else.</summary>
    public static bool IsPersistent(IResource resource)
    {
#pragma warning disable ASPIREPERSISTENCE001 // Read where it is present; nothing here asks the user to opt in.
        var asked = new HashSet<IResource>();
        while (resource.TryGetLastAnnotation<PersistenceAnnotation>(out var persistence))
        {
            if (persistence is not { Mode: PersistenceMode.Resource, SourceResource: { } source } || !asked.Add(resource))
            {
                return persistence.Mode is PersistenceMode.Persistent or PersistenceMode.ParentProcess;
            }

            resource = source;
        }
#pragma warning restore ASPIREPERSISTENCE001

        return resource.TryGetLastAnnotation<ContainerLifetimeAnnotation>(out var container) && container.Lifetime == ContainerLifetime.Persistent;
    }
}
