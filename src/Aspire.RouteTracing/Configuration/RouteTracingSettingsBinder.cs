using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Aspire.RouteTracing.Configuration;

/// <summary>Binds the section <c>Aspire:RouteTracing</c> and the variables that OpenTelemetry users know to the settings.</summary>
internal sealed class RouteTracingSettingsBinder(IConfiguration configuration, ExclusionsFile exclusionsFile) : IConfigureOptions<RouteTracingSettings>
{
    public const string SectionName = "Aspire:RouteTracing";

    private const string HeaderVariables = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_";

    public void Configure(RouteTracingSettings options)
    {
        var section = configuration.GetSection(SectionName);
        options.Enabled = section.GetValue(nameof(options.Enabled), options.Enabled);
        options.MatchFullUrl = section.GetValue(nameof(options.MatchFullUrl), options.MatchFullUrl);
        options.ExcludeFromMetrics = section.GetValue(nameof(options.ExcludeFromMetrics), options.ExcludeFromMetrics);
        options.HonorUpstreamExclusion = section.GetValue(nameof(options.HonorUpstreamExclusion), options.HonorUpstreamExclusion);
        options.ExclusionKey = section.GetValue(nameof(options.ExclusionKey), options.ExclusionKey);
        options.PreviousExclusionKey = section.GetValue(nameof(options.PreviousExclusionKey), options.PreviousExclusionKey);
        options.KeepFailedRequests = section.GetValue(nameof(options.KeepFailedRequests), options.KeepFailedRequests);
        options.RouteTemplateFormat = section.GetValue(nameof(options.RouteTemplateFormat), options.RouteTemplateFormat);
        options.ResponsePropagators = section.GetValue(nameof(options.ResponsePropagators), options.ResponsePropagators);

        options.Sources = new SettingsSources(
            ExclusionSources.Read(configuration, section, exclusionsFile),
            ReadHeaders(section.GetSection(nameof(options.CapturedRequestHeaders)), HeaderVariables + "SERVER_REQUEST"),
            ReadHeaders(section.GetSection(nameof(options.CapturedResponseHeaders)), HeaderVariables + "SERVER_RESPONSE"),
            ReadHeaders(section.GetSection(nameof(options.SanitizedHeaders)), HeaderVariables + "SANITIZE_FIELDS"));
        AddAll(options.ExcludedUrls, options.Sources.ExcludedUrls);
        AddAll(options.CapturedRequestHeaders, options.Sources.CapturedRequestHeaders);
        AddAll(options.CapturedResponseHeaders, options.Sources.CapturedResponseHeaders);
        AddAll(options.SanitizedHeaders, options.Sources.SanitizedHeaders);
    }

    private ConfiguredList ReadHeaders(IConfigurationSection section, string variable)
    {
        var list = new ConfiguredList();
        list.AddSection(section);
        list.AddText(configuration[variable], variable);
        return list;
    }

    private static void AddAll(IList<string> setting, ConfiguredList list)
    {
        foreach (var item in list.Items)
        {
            setting.Add(item.Pattern);
        }
    }
}
