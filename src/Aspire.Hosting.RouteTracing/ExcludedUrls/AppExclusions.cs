using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Lifecycle;
using Aspire.Hosting.RouteTracing.LiveList;
using Aspire.Hosting.RouteTracing.Variables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>The app-wide exclusions, and the list of each resource that follows from them and its own.</summary>
internal sealed class AppExclusions(IDistributedApplicationBuilder builder)
{
    // By name, because publishing can replace a resource by a container with the same name and annotations.
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _warnings = new(StringComparer.Ordinal);

    // Resources can be added at any time, and the model can't be enumerated meanwhile.
    private readonly ConcurrentQueue<DeclaredExclusions> _ofResources = [];
    private readonly ConcurrentQueue<LiveResource> _live = [];

    public DeclaredExclusions Declared { get; } = new();

    /// <summary>Gets the resources whose lists can be edited.</summary>
    public IReadOnlyCollection<LiveResource> Live => _live;

    /// <summary>Gets the carriers of variables in this run or deployment.</summary>
    public IReadOnlyList<VariableCarrier> Carriers => VariableCarrier.Of(builder);

    /// <summary>Gets whether nothing is excluded in any resource.</summary>
    public bool IsEmpty => Declared.IsEmpty && _ofResources.All(exclusions => exclusions.IsEmpty);

    /// <exception cref="InvalidOperationException">The AppHost is built already.</exception>
    public static AppExclusions Of(IDistributedApplicationBuilder builder)
    {
        var present = builder.Services.FirstOrDefault(service => service.ServiceType == typeof(AppExclusions));
        if (present?.ImplementationInstance is AppExclusions app)
        {
            return app;
        }

        if (builder.Services.IsReadOnly)
        {
            throw new InvalidOperationException(
                "Route tracing is used for the first time after the AppHost was built, for example in OnBeforeStart. "
                + "Call WithExcludedUrls() or WithExcludedHealthChecks() on the builder before Build(); later calls then work, too.");
        }

        app = new AppExclusions(builder);
        builder.Services.AddSingleton(app);
        builder.Services.AddSingleton<LiveListFolder>();
        builder.Services.TryAddSingleton(TimeProvider.System);

        // First, because hosted services start in order, and Aspire's orchestrator doesn't finish starting while a resource waits for
        // another one.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, LiveListMonitor>());
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHttpMessageHandlerBuilderFilter, UnsampledHealthChecks>());
        builder.Services.TryAddEventingSubscriber<RouteTracingSubscriber>();
        PublishWarnings.AddStep(builder, app);
        return app;
    }

    /// <summary>Adds the exclusions of a resource.</summary>
    public void Add(DeclaredExclusions ofResource) => _ofResources.Enqueue(ofResource);

    /// <summary>Makes the list of a resource editable while the resource runs.</summary>
    public void Add(LiveResource live)
    {
        live.Resource.Annotations.Add(live);
        _live.Enqueue(live);
        Commands.AddTo(builder.CreateResourceBuilder(live.Resource), live, this);
    }

    /// <summary>Returns whether exclusions can concern a resource.</summary>
    public static bool IsTraced(IResource resource) =>
        resource is IResourceWithEnvironment && (ExportsTelemetry(resource) || resource.HasAnnotationOfType<DeclaredExclusions>());

    public static bool ExportsTelemetry(IResource resource) => resource.HasAnnotationOfType<OtlpExporterAnnotation>();

    /// <summary>Returns whether something is excluded in a resource.</summary>
    public bool HasExclusions(IResource resource) => GetDeclarations(resource).Any(declaration => !declaration.Exclusions.IsEmpty);

    /// <summary>Returns whether the health checks of a resource are excluded.</summary>
    public bool ExcludesHealthChecksOf(IResource resource) =>
        GetDeclarations(resource).Any(declaration => declaration.Exclusions.HealthChecks);

    /// <summary>Returns the list that code declares for a resource, each pattern once.</summary>
    public IReadOnlyList<ListedUrl> GetList(IResource resource)
    {
        var list = GetDeclarations(resource)
            .SelectMany(declaration => declaration.Exclusions.Patterns.Select(pattern => new ListedUrl(pattern, declaration.Source)));

        // Aspire's own health checks are unsampled, so a language that reads no list misses nothing.
        if (ExcludesHealthChecksOf(resource) && Language.Of(resource).ReadsExcludedUrls)
        {
            list = list.Concat(
                HealthChecks.GetPatterns(resource).Select(pattern => new ListedUrl(pattern, $"the health checks of '{resource.Name}'")));
        }

        return [.. list.DistinctBy(url => url.Pattern, StringComparer.Ordinal)];
    }

    /// <summary>Returns the warnings of the last evaluation of the resource's variables.</summary>
    public IReadOnlyList<string> GetWarnings(IResource resource) => _warnings.GetValueOrDefault(resource.Name, []);

    public void SetWarnings(IResource resource, IReadOnlyList<string> warnings) => _warnings[resource.Name] = warnings;

    private IEnumerable<(DeclaredExclusions Exclusions, string Source)> GetDeclarations(IResource resource)
    {
        resource.TryGetLastAnnotation<DeclaredExclusions>(out var own);
        if (ExportsTelemetry(resource) && own is not { IgnoresAppWide: true })
        {
            yield return (Declared, "the app-wide list");
        }

        if (own is not null)
        {
            yield return (own, $"the list of '{resource.Name}'");
        }
    }
}
