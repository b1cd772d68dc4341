using System.Text;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Headers;
using Aspire.RouteTracing.Hooks;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing;

/// <summary>One state of the settings, compiled. Never changes once it is in force, so a request reads it without a lock.</summary>
internal sealed partial class CompiledSettings
{
    /// <summary>The library steps aside.</summary>
    public static readonly CompiledSettings Disabled = new(
        new RouteTracingSettings { Enabled = false, ExcludeFromMetrics = false, HonorUpstreamExclusion = false },
        CompiledLists.Empty);

    private const int MinKeyBytes = 16;

    private readonly CompiledLists _lists;
    private readonly (string? Current, string? Previous) _keys;

    private CompiledSettings(RouteTracingSettings settings, CompiledLists lists)
    {
        _lists = lists;
        _keys = (settings.ExclusionKey, settings.PreviousExclusionKey);
        ExclusionKey = CompileKey(settings.ExclusionKey);
        PreviousExclusionKey = CompileKey(settings.PreviousExclusionKey);
        KeepFailedRequests = settings.KeepFailedRequests;
        Enabled = settings.Enabled;
        ExcludedUrls = lists.ExcludedUrls;
        ExcludeFromMetrics = settings.ExcludeFromMetrics;
        HonorUpstreamExclusion = settings.HonorUpstreamExclusion;
        RouteTemplateFormat = settings.RouteTemplateFormat;
        RequestHeaders = lists.RequestHeaders;
        ResponseHeaders = lists.ResponseHeaders;
        ResponsePropagators = settings.ResponsePropagators;
        Hook = SettingsHook.From(settings);
    }

    public bool Enabled { get; }

    public ExclusionList ExcludedUrls { get; }

    public bool ExcludeFromMetrics { get; }

    public bool HonorUpstreamExclusion { get; }

    /// <summary>Gets the key that signs exclusions, or <see langword="null"/> when nothing is to be signed.</summary>
    public byte[]? ExclusionKey { get; }

    /// <summary>Gets a second key to honor, or <see langword="null"/>.</summary>
    public byte[]? PreviousExclusionKey { get; }

    public bool KeepFailedRequests { get; }

    public RouteTemplateFormat RouteTemplateFormat { get; }

    public HeaderCapture RequestHeaders { get; }

    public HeaderCapture ResponseHeaders { get; }

    public ResponsePropagators ResponsePropagators { get; }

    public SettingsHook? Hook { get; }

    /// <param name="settings">The settings.</param>
    /// <param name="before">What is in force until now, if anything.</param>
    /// <param name="logger">Where problems are logged.</param>
    /// <exception cref="ArgumentException">An item that code added to a list is no valid expression.</exception>
    public static CompiledSettings Compile(RouteTracingSettings settings, CompiledSettings? before, ILogger logger)
    {
        if (!settings.Enabled)
        {
            return Disabled;
        }

        var compiled = new CompiledSettings(settings, before?._lists.AreThoseOf(settings) == true ? before._lists : CompiledLists.Compile(settings, logger));
        if (compiled._keys != before?._keys)
        {
            LogRefusedKey(nameof(settings.ExclusionKey), settings.ExclusionKey, compiled.ExclusionKey, logger);
            LogRefusedKey(nameof(settings.PreviousExclusionKey), settings.PreviousExclusionKey, compiled.PreviousExclusionKey, logger);
        }

        return compiled;
    }

    private static byte[]? CompileKey(string? key)
        => key is not null && Encoding.UTF8.GetBytes(key) is { Length: >= MinKeyBytes } bytes ? bytes : null;

    private static void LogRefusedKey(string setting, string? key, byte[]? compiled, ILogger logger)
    {
        if (!string.IsNullOrEmpty(key) && compiled is null)
        {
            Log.KeyRefused(logger, setting, MinKeyBytes);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(11, LogLevel.Error, "The key Aspire:RouteTracing:{Setting} has fewer than {MinKeyBytes} bytes and was ignored. Use a longer random key.")]
        public static partial void KeyRefused(ILogger logger, string setting, int minKeyBytes);
    }
}
