using System.Diagnostics;
using System.Text;
using Aspire.RouteTracing.Configuration;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing;

/// <summary>The compiled settings. Immutable, so requests read them without a lock.</summary>
internal sealed partial class CompiledSettings(
    RouteTracingSettings settings,
    object[] urlLists,
    object[] headerLists,
    ExclusionList excludedUrls,
    HeaderCapture requestHeaders,
    HeaderCapture responseHeaders)
{
    /// <summary>The settings while route tracing is disabled or suspended.</summary>
    public static readonly CompiledSettings Disabled = new(
        new RouteTracingSettings { Enabled = false, ExcludeFromMetrics = false },
        urlLists: [],
        headerLists: [],
        ExclusionList.Empty,
        HeaderCapture.None,
        HeaderCapture.None);

    private const int MinKeyBytes = 16;

    // What determines the compiled lists.
    private readonly object[] _urlLists = urlLists;
    private readonly object[] _headerLists = headerLists;
    private readonly (string? Current, string? Previous) _keys = (settings.ExclusionKey, settings.PreviousExclusionKey);

    public bool Enabled { get; } = settings.Enabled;

    public ExclusionList ExcludedUrls { get; } = excludedUrls;

    /// <summary>Gets the items of the AppHost's file, or <see langword="null"/> if there is none.</summary>
    public IReadOnlyList<string>? FileItems { get; } = settings.FileItems;

    public bool ExcludeFromMetrics { get; } = settings.ExcludeFromMetrics;

    /// <summary>Gets the key that signs exclusions, or <see langword="null"/> if there is none.</summary>
    public byte[]? SigningKey { get; } = CompileKey(settings.ExclusionKey);

    /// <summary>Gets the keys of callers whose exclusions are honored.</summary>
    public byte[][] HonoredKeys { get; } = settings.HonorUpstreamExclusion && CompileKey(settings.ExclusionKey) is not null
        ? [.. new[] { CompileKey(settings.ExclusionKey), CompileKey(settings.PreviousExclusionKey) }.OfType<byte[]>()]
        : [];

    public bool KeepFailedRequests { get; } = settings.KeepFailedRequests;

    public RouteTemplateFormat RouteTemplateFormat { get; } = settings.RouteTemplateFormat;

    public HeaderCapture RequestHeaders { get; } = requestHeaders;

    public HeaderCapture ResponseHeaders { get; } = responseHeaders;

    public ResponsePropagators ResponsePropagators { get; } = settings.ResponsePropagators;

    public Action<Activity, HttpRequest>? RequestHook { get; } = settings.RequestHook;

    public Action<Activity, HttpResponse>? ResponseHook { get; } = settings.ResponseHook;

    /// <summary>
    /// Compiles the settings. A list that hasn't changed since <paramref name="before"/> is neither compiled nor logged again. <paramref
    /// name="onDisabled"/> is called by the request whose search disabled an item, and must not throw.
    /// </summary>
    /// <exception cref="ArgumentException">An item that code added to a list is not a valid regular expression.</exception>
    public static CompiledSettings Compile(
        RouteTracingSettings settings, CompiledSettings? before, Action onDisabled, ILogger logger)
    {
        if (!settings.Enabled)
        {
            return Disabled;
        }

        var excludedUrls = PatternList.Of(settings.ExcludedUrls);
        var requestHeaders = PatternList.Of(settings.CapturedRequestHeaders);
        var responseHeaders = PatternList.Of(settings.CapturedResponseHeaders);
        var sanitizedHeaders = PatternList.Of(settings.SanitizedHeaders);
        object[] urlLists = [settings.MatchFullUrl, .. excludedUrls.Content];
        object[] headerLists = [.. requestHeaders.Content, .. responseHeaders.Content, .. sanitizedHeaders.Content];

        // A reload enables a disabled item again.
        var compiledUrls = before is { ExcludedUrls.HasDisabledItem: false } && before._urlLists.SequenceEqual(urlLists)
            ? before.ExcludedUrls
            : ExclusionList.Compile(excludedUrls, settings.MatchFullUrl, onDisabled, logger);
        var (compiledRequestHeaders, compiledResponseHeaders) = before?._headerLists.SequenceEqual(headerLists) == true
            ? (before.RequestHeaders, before.ResponseHeaders)
            : CompileHeaders(requestHeaders, responseHeaders, sanitizedHeaders, logger);
        var compiled = new CompiledSettings(
            settings, urlLists, headerLists, compiledUrls, compiledRequestHeaders, compiledResponseHeaders);
        if (compiled._keys != before?._keys)
        {
            LogIgnoredKey(nameof(settings.ExclusionKey), settings.ExclusionKey, logger);
            LogIgnoredKey(nameof(settings.PreviousExclusionKey), settings.PreviousExclusionKey, logger);
        }

        return compiled;
    }

    private static (HeaderCapture Request, HeaderCapture Response) CompileHeaders(
        PatternList request, PatternList response, PatternList sanitized, ILogger logger)
    {
        // The default items are slow to compile, so they are skipped if no header is captured.
        var isSanitizing = request.Count + response.Count > 0 || !sanitized.IsDefault;
        var compiled = isSanitizing ? HeaderPattern.Compile(sanitized, whole: false, logger) : [];
        return (
            HeaderCapture.Compile("http.request.header.", request, compiled, logger),
            HeaderCapture.Compile("http.response.header.", response, compiled, logger));
    }

    private static byte[]? CompileKey(string? key) =>
        key is not null && Encoding.UTF8.GetBytes(key) is { Length: >= MinKeyBytes } bytes ? bytes : null;

    private static void LogIgnoredKey(string setting, string? key, ILogger logger)
    {
        if (!string.IsNullOrEmpty(key) && CompileKey(key) is null)
        {
            Log.KeyIgnored(logger, setting, MinKeyBytes);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            11, LogLevel.Error,
            "The key Aspire:RouteTracing:{Setting} has fewer than {MinKeyBytes} bytes and was ignored. Use a longer random key.")]
        public static partial void KeyIgnored(ILogger logger, string setting, int minKeyBytes);
    }
}
