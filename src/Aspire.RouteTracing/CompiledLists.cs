using Aspire.RouteTracing.Configuration;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Headers;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing;

/// <summary>
/// The lists of the settings, compiled. A reload that changes none of them, as most do, goes on with these: to compile thousands of items takes a second, and
/// what is wrong with one of them is logged already.
/// </summary>
internal sealed class CompiledLists
{
    public static readonly CompiledLists Empty = new(new RouteTracingSettings(), ExclusionList.Empty, HeaderCapture.None, HeaderCapture.None);

    private readonly string[][] _items;
    private readonly SettingsSources _sources;
    private readonly bool _matchFullUrl;

    private CompiledLists(RouteTracingSettings settings, ExclusionList excludedUrls, HeaderCapture requestHeaders, HeaderCapture responseHeaders)
    {
        _items = ItemsOf(settings);
        _sources = settings.Sources;
        _matchFullUrl = settings.MatchFullUrl;
        (ExcludedUrls, RequestHeaders, ResponseHeaders) = (excludedUrls, requestHeaders, responseHeaders);
    }

    public ExclusionList ExcludedUrls { get; }

    public HeaderCapture RequestHeaders { get; }

    public HeaderCapture ResponseHeaders { get; }

    /// <exception cref="ArgumentException">An item that code added to a list is no valid expression.</exception>
    public static CompiledLists Compile(RouteTracingSettings settings, ILogger logger)
    {
        var sources = settings.Sources;
        var requestHeaders = HeaderName.Compile(nameof(settings.CapturedRequestHeaders), settings.CapturedRequestHeaders, sources.CapturedRequestHeaders, whole: true, logger);
        var responseHeaders = HeaderName.Compile(nameof(settings.CapturedResponseHeaders), settings.CapturedResponseHeaders, sources.CapturedResponseHeaders, whole: true, logger);
        var sanitized = HeaderName.Compile(nameof(settings.SanitizedHeaders), settings.SanitizedHeaders, sources.SanitizedHeaders, whole: false, logger);
        return new CompiledLists(
            settings,
            ExclusionList.Compile(settings, logger),
            new HeaderCapture("http.request.header.", requestHeaders, sanitized),
            new HeaderCapture("http.response.header.", responseHeaders, sanitized));
    }

    /// <summary>Whether compiling the lists of <paramref name="settings"/> would come to the same.</summary>
    public bool AreThoseOf(RouteTracingSettings settings)
        => _matchFullUrl == settings.MatchFullUrl
            && _sources.HoldTheSameAs(settings.Sources)
            && _items.Zip(ItemsOf(settings)).All(lists => lists.First.SequenceEqual(lists.Second))
            && !ExcludedUrls.HasDisabledItem;

    private static string[][] ItemsOf(RouteTracingSettings settings)
        => [[.. settings.ExcludedUrls], [.. settings.CapturedRequestHeaders], [.. settings.CapturedResponseHeaders], [.. settings.SanitizedHeaders]];
}
