using System.Globalization;
using Aspire.Hosting.RouteTracing.Variables;

namespace AppHost.WithoutAspire.Services;

/// <summary>The environment variables that an AppHost gives a project in run mode. Those of the exclusions are what Aspire.Hosting.RouteTracing decides.</summary>
internal static class ServiceEnvironment
{
    private const string Host = "127.0.0.1";
    private const string NoProxy = "no_proxy";

    /// <param name="otlpEndpoint">Where telemetry goes; null where the variables of this process say it.</param>
    public static Dictionary<string, string> For(Service service, IReadOnlyDictionary<string, int> ports, Uri? otlpEndpoint, string exclusionKey)
    {
        var variables = new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = Address(ports[service.Name]),
            ["OTEL_SERVICE_NAME"] = service.Name,
            ["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={Guid.NewGuid()}",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "1000",
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "1000",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
            ["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based",
            [NoProxy] = NotProxied(),
        };

        foreach (var reference in service.References)
        {
            variables[$"services__{reference}__http__0"] = Address(ports[reference]);
        }

        if (otlpEndpoint is not null)
        {
            variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = otlpEndpoint.ToString();
            variables["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        }

        var resource = new TracedResource
        {
            Name = service.Name,
            Language = ResourceLanguage.DotNet,
            AppWideExcludedUrls = Shop.ExcludedUrls,
            ExcludedUrls = [.. service.ExcludedUrls, Shop.ReadinessPattern],
            ExclusionKey = exclusionKey,
        };
        foreach (var (name, value) in RouteTracingVariables.For(resource).Values)
        {
            variables[name] = (string)value;
        }

        if (Environment.GetEnvironmentVariable(VariableNames.TracesSampler) is null)
        {
            variables[VariableNames.TracesSampler] = VariableNames.ParentBasedTracesSampler;
        }

        return variables;
    }

    public static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"http://{Host}:{port}");

    // A proxy that HTTP_PROXY names has no way to this machine's loopback.
    private static string NotProxied() =>
        (Environment.GetEnvironmentVariable(NoProxy) ?? Environment.GetEnvironmentVariable("NO_PROXY")) is { Length: > 0 } others ? $"{others},{Host}" : Host;
}
