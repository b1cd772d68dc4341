using System.Collections.Concurrent;
using System.Security.Cryptography;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Lifecycle;
using Aspire.Hosting.RouteTracing.Headers;
using Aspire.Hosting.RouteTracing.LiveExclusions;
using Aspire.Hosting.RouteTracing.Variables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>What the AppHost says to all resources with telemetry, and what they share.</summary>
internal sealed partial class AppRouteTracing(IDistributedApplicationBuilder builder)
{
    private const string KeyParameterName = "route-tracing-exclusion-key";

    private readonly ConcurrentDictionary<string, bool> _warnings = new(StringComparer.Ordinal);

    public DeclaredExclusions Exclusions { get; } = new();

    public DeclaredHeaders Headers { get; } = new();

    /// <summary>The secret by which one service believes another that a request is excluded; <see langword="null"/> until something is.</summary>
    public object? ExclusionKey { get; private set; }

    /// <summary>There is none before the application is built.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>What the variables go through in this run or deployment.</summary>
    public VariableCarriers Carriers => builder.ExecutionContext.IsRunMode
        ? VariableCarriers.Orchestrator
        : builder.Resources.OfType<IComputeEnvironmentResource>().Select(GetCarrier).DefaultIfEmpty(VariableCarriers.Manifest).Aggregate((all, carrier) => all | carrier);

    public IResourceBuilder<IResource> GetBuilder(IResource resource) => builder.CreateResourceBuilder(resource);

    public static AppRouteTracing Of(IDistributedApplicationBuilder builder)
    {
        var present = builder.Services.FirstOrDefault(service => service.ServiceType == typeof(AppRouteTracing));
        if (present?.ImplementationInstance is AppRouteTracing appRouteTracing)
        {
            return appRouteTracing;
        }

        appRouteTracing = new AppRouteTracing(builder);
        builder.Services.AddSingleton(appRouteTracing);
        builder.Services.AddSingleton<LiveListFolder>();
        builder.Services.TryAddEventingSubscriber<RouteTracingSubscriber>();
        return appRouteTracing;
    }

    public void Exclude(IReadOnlyList<string> patterns)
    {
        Exclusions.Add(patterns);
        RequireExclusionKeyFor(Exclusions);
    }

    public void ExcludeHealthChecks()
    {
        Exclusions.HealthChecks = true;
        RequireExclusionKeyFor(Exclusions);
    }

    /// <summary>Makes the secret where something is excluded. In run mode it is a new one each time; a deployment keeps its own, so there it is a parameter.</summary>
    public void RequireExclusionKeyFor(DeclaredExclusions exclusions)
    {
        if (!exclusions.IsEmpty)
        {
            ExclusionKey ??= builder.ExecutionContext.IsPublishMode
                ? builder.AddParameter(KeyParameterName, new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true).Resource
                : RandomNumberGenerator.GetHexString(64, lowercase: true);
        }
    }

    /// <summary>Says in the AppHost's log what a resource can't be told. Its environment is put together again and again, so each thing is said once.</summary>
    public void Warn(IEnumerable<string> warnings)
    {
        if (Logger is not { } logger)
        {
            return;
        }

        foreach (var warning in warnings)
        {
            if (_warnings.TryAdd(warning, true))
            {
                Log.CannotBeTold(logger, warning);
            }
        }
    }

    /// <summary>The secret for one resource. A persistent one is not told the run's, for which the next run would make it anew.</summary>
    public object? GetExclusionKey(IResource resource) => builder.ExecutionContext.IsRunMode && ResourceLifetimes.IsPersistent(resource) ? null : ExclusionKey;

    private static VariableCarriers GetCarrier(IComputeEnvironmentResource environment) => environment.GetType().Name switch
    {
        "DockerComposeEnvironmentResource" => VariableCarriers.DockerCompose,
        "KubernetesEnvironmentResource" => VariableCarriers.Kubernetes,
        _ => VariableCarriers.Unknown,
    };

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "{Reason}")]
        public static partial void CannotBeTold(ILogger logger, string reason);
    }
}
