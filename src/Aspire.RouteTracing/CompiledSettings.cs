using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Headers;
using Aspire.RouteTracing.Hooks;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing;

/// <summary>One state of the settings, compiled. Never changes once it is in force, so a request reads it without a lock.</summary>
internal sealed class CompiledSettings
{
    /// <summary>The library steps aside.</summary>
    public static readonly CompiledSettings Disabled = new(
        new RouteTracingSettings { Enabled = false, ExcludeFromMetrics = false, HonorUpstreamExclusion = false },
        CompiledLists.Empty);

    private readonly CompiledLists _lists;

    private CompiledSettings(RouteTracingSettings settings, CompiledLists lists)
    {
        _lists = lists;
        Enabled = settings.Enabled;
        ExcludedUrls = lists.ExcludedUrls;
        ExcludeFromMetrics = settings.ExcludeFromMetrics;
        HonorUpstreamExclusion = settings.HonorUpstreamExclusion;
        RouteTemplateFormat = settings.RouteTemplateFormat;
        RequestHeaders = lists.RequestHeaders;
        ResponseHeaders = lists.ResponseHeaders;
        ResponsePropagators = settings.ResponsePropagators;
        Hook = SettingsHook.From(settings);
        KeepFailedRequests = settings.KeepFailedRequests;
        ExclusionKey = settings.ExclusionKey is { } k ? System.Text.Encoding.UTF8.GetBytes(k) : null;
        PreviousExclusionKey = settings.PreviousExclusionKey is { } p ? System.Text.Encoding.UTF8.GetBytes(p) : null;
    }

    public bool Enabled { get; }

    public ExclusionList ExcludedUrls { get; }

    public bool ExcludeFromMetrics { get; }

    public bool HonorUpstreamExclusion { get; }

    public RouteTemplateFormat RouteTemplateFormat { get; }

    public HeaderCapture RequestHeaders { get; }

    public HeaderCapture ResponseHeaders { get; }

    public ResponsePropagators ResponsePropagators { get; }

    public SettingsHook? Hook { get; }

    public bool KeepFailedRequests { get; }

    public byte[]? ExclusionKey { get; }

    public byte[]? PreviousExclusionKey { get; }

    /// <param name="settings">The settings.</param>
    /// <param name="before">What is in force until now, if anything.</param>
    /// <param name="logger">Where problems are logged.</param>
    /// <exception cref="ArgumentException">An item that code added to a list is no valid expression.</exception>
    public static CompiledSettings Compile(RouteTracingSettings settings, CompiledSettings? before, ILogger logger)
        => settings.Enabled
            ? new CompiledSettings(settings, before?._lists.AreThoseOf(settings) == true ? before._lists : CompiledLists.Compile(settings, logger))
            : Disabled;
}
