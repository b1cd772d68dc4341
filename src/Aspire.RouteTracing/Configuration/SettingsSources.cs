namespace Aspire.RouteTracing.Configuration;

/// <summary>What the configuration holds of the lists in the settings, to name the source of an item that is wrong.</summary>
internal sealed record SettingsSources(ConfiguredList ExcludedUrls, ConfiguredList CapturedRequestHeaders, ConfiguredList CapturedResponseHeaders, ConfiguredList SanitizedHeaders)
{
    public static readonly SettingsSources None = new(ConfiguredList.Empty, ConfiguredList.Empty, ConfiguredList.Empty, ConfiguredList.Empty);

    public bool HoldTheSameAs(SettingsSources other)
        => ExcludedUrls.HoldsTheSameAs(other.ExcludedUrls)
            && CapturedRequestHeaders.HoldsTheSameAs(other.CapturedRequestHeaders)
            && CapturedResponseHeaders.HoldsTheSameAs(other.CapturedResponseHeaders)
            && SanitizedHeaders.HoldsTheSameAs(other.SanitizedHeaders);
}
