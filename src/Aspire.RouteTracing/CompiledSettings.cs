using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Headers;
using Aspire.RouteTracing.Hooks;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing;

/// <summary>One state of the settings, compiled. Never changes once it is in force, so a request reads it without a lock.</summary>
internal sealed record CompiledSettings(
    ExclusionRules Exclusion,
    RouteTemplateFormat RouteTemplateFormat,
    HeaderCapture RequestHeaders,
    HeaderCapture ResponseHeaders,
    SettingsHook? Hook,
    ResponsePropagators ResponsePropagators)
{
    /// <summary>The library steps aside.</summary>
    public static readonly CompiledSettings Disabled = new(ExclusionRules.Disabled, default, HeaderCapture.None, HeaderCapture.None, null, ResponsePropagators.None);

    public bool Enabled => Exclusion.Enabled;

    /// <exception cref="ArgumentException">An item that code added to a list is no valid expression.</exception>
    public static CompiledSettings Compile(RouteTracingSettings settings, ILogger logger)
    {
        if (!settings.Enabled)
        {
            return Disabled;
        }

        var sources = settings.Sources;
        var requestHeaders = HeaderName.Compile(nameof(settings.CapturedRequestHeaders), settings.CapturedRequestHeaders, sources.CapturedRequestHeaders, whole: true, logger);
        var responseHeaders = HeaderName.Compile(nameof(settings.CapturedResponseHeaders), settings.CapturedResponseHeaders, sources.CapturedResponseHeaders, whole: true, logger);
        var sanitized = HeaderName.Compile(nameof(settings.SanitizedHeaders), settings.SanitizedHeaders, sources.SanitizedHeaders, whole: false, logger);
        return new CompiledSettings(
            ExclusionRules.Compile(settings, logger),
            settings.RouteTemplateFormat,
            new HeaderCapture("http.request.header.", requestHeaders, sanitized),
            new HeaderCapture("http.response.header.", responseHeaders, sanitized),
            SettingsHook.From(settings),
            settings.ResponsePropagators);
    }
}
