using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Aspire.RouteTracing.Configuration;

/// <summary>Binds the section <c>Aspire:RouteTracing</c> and the variables that OpenTelemetry users know to the settings.</summary>
internal sealed class RouteTracingSettingsBinder(IConfiguration configuration, ExclusionsFile exclusionsFile) : IConfigureOptions<RouteTracingSettings>
{
    public void Configure(RouteTracingSettings options)
    {
        var section = configuration.GetSection("Aspire:RouteTracing");
        options.Enabled = section.GetValue(nameof(options.Enabled), options.Enabled);
        options.MatchFullUrl = section.GetValue(nameof(options.MatchFullUrl), options.MatchFullUrl);
        options.ExcludeFromMetrics = section.GetValue(nameof(options.ExcludeFromMetrics), options.ExcludeFromMetrics);
        options.HonorUpstreamExclusion = section.GetValue(nameof(options.HonorUpstreamExclusion), options.HonorUpstreamExclusion);
        options.RouteTemplateFormat = section.GetValue(nameof(options.RouteTemplateFormat), options.RouteTemplateFormat);

        options.Sources = ExclusionSources.Read(configuration, exclusionsFile);
        foreach (var item in options.Sources.Items)
        {
            options.ExcludedUrls.Add(item.Pattern);
        }
    }
}
