using Aspire.RouteTracing.Configuration;
using Microsoft.Extensions.Configuration;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Where the configuration holds excluded URLs. Unlike Flask's variables, none of these hides another.</summary>
internal static class ExclusionSources
{
    public const string AspNetCoreVariable = "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS";
    public const string GeneralVariable = "OTEL_DOTNET_EXCLUDED_URLS";

    public static ConfiguredList Read(IConfiguration configuration, IConfigurationSection section, ExclusionsFile file)
    {
        var list = new ConfiguredList();
        list.AddSection(section.GetSection(nameof(RouteTracingSettings.ExcludedUrls)));
        list.AddText(configuration[AspNetCoreVariable], AspNetCoreVariable);

        // The AppHost wrote its list to the variable when the service started and to the file since.
        if (file.Items is { } items)
        {
            list.AddItems(items, ExclusionsFile.PathKey);
        }
        else
        {
            list.AddText(configuration[GeneralVariable], GeneralVariable);
        }

        return list;
    }
}
