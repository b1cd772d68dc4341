using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Aspire.RouteTracing.Configuration;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Headers;
using Aspire.RouteTracing.LiveList;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Aspire.RouteTracing;

/// <summary>
/// The settings of route tracing, bound to the configuration section <c>Aspire:RouteTracing</c> and then passed to the delegate given to
/// <c>AddRouteTracing</c>. Both happen again whenever the configuration changes; the new settings apply to the next request.
/// </summary>
/// <remarks>
/// A value of the section that can't be converted to its setting's type throws an <see cref="InvalidOperationException"/> at startup. After
/// a change of the configuration it is logged, and the previous settings still apply.
/// </remarks>
public sealed class RouteTracingSettings
{
    private const string AspNetCoreVariable = "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS";
    private const string GeneralVariable = "OTEL_DOTNET_EXCLUDED_URLS";
    private const string HeaderVariables = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_";

    /// <summary>Initializes a new instance of the <see cref="RouteTracingSettings"/> class with the default settings.</summary>
    public RouteTracingSettings() =>
        PatternList.Of(SanitizedHeaders).AddItems(SensitiveHeaders.Patterns, PatternList.Default);

    /// <summary>
    /// Gets or sets whether route tracing is enabled. When <see langword="false"/>, requests are traced as OpenTelemetry's ASP.NET Core
    /// instrumentation traces them without this library.
    /// </summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Gets the regular expressions of the URLs to exclude, one expression an item. Each is searched, not anchored, case-sensitively,
    /// in the path of the request (<c>PathBase + Path</c>, decoded); an item that contains <c>://</c> is searched in the whole URL.
    /// </summary>
    /// <remarks>
    /// When the delegate given to <c>AddRouteTracing</c> runs, the list holds the items of the configuration section (an array, or one
    /// delimited string), of <c>OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS</c> and of <c>OTEL_DOTNET_EXCLUDED_URLS</c>, or, in its place, of the
    /// file that <c>Aspire:RouteTracing:ExclusionsFile</c> names. The delegate can add items or clear the list.
    /// An item added in code that isn't a valid expression throws an <see cref="ArgumentException"/> at startup; one that comes from the
    /// configuration is logged and ignored. The list can have 10,000 items: further items of the configuration are logged and ignored, and
    /// more items added in code throw an <see cref="ArgumentException"/>.
    /// </remarks>
    /// <value>The default value is an empty list.</value>
    [StringSyntax(StringSyntaxAttribute.Regex)]
    public IList<string> ExcludedUrls { get; } = new PatternList(nameof(ExcludedUrls), ExclusionList.MaxItems);

    /// <summary>
    /// Gets or sets whether every item of <see cref="ExcludedUrls"/> is searched in the whole URL, <c>scheme://host/pathbase/path?query</c>
    /// without the default port, as OpenTelemetry's Flask instrumentation does. The client chooses the host and the query, so it
    /// can then keep its requests out of the traces.
    /// </summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool MatchFullUrl { get; set; }

    /// <summary>
    /// Gets or sets whether excluded requests are also excluded from the metric <c>http.server.request.duration</c>. The counter
    /// <c>aspire.route_tracing.excluded_requests</c> always counts them.
    /// </summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool ExcludeFromMetrics { get; set; } = true;

    /// <summary>
    /// Gets or sets whether a request is excluded from the traces because the service that sent it was answering an excluded request
    /// itself. The sender signs the exclusion with the <see cref="ExclusionKey"/> that both share, in a <c>tracestate</c> member. It never
    /// affects metrics.
    /// </summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool HonorUpstreamExclusion { get; set; } = true;

    /// <summary>
    /// Gets or sets the shared secret that authenticates exclusions between services: text of at least 16 bytes in UTF-8. Without a key,
    /// nothing is signed and nothing is honored, so <see cref="HonorUpstreamExclusion"/> has no effect.
    /// </summary>
    /// <remarks>
    /// A shorter key is logged as an error and ignored. Keep the key out of files; set the variable
    /// <c>Aspire__RouteTracing__ExclusionKey</c>.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public string? ExclusionKey { get; set; }

    /// <summary>
    /// Gets or sets a second key that is honored but not used to sign, so that services can change their <see cref="ExclusionKey"/> one
    /// after the other.
    /// </summary>
    /// <remarks>A key shorter than 16 bytes is logged as an error and ignored.</remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public string? PreviousExclusionKey { get; set; }

    /// <summary>
    /// Gets or sets whether an excluded request that fails keeps its server span. A request fails when it ends with a 5xx status code or
    /// when an exception escapes from the application. Spans of the work below it stay excluded.
    /// </summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool KeepFailedRequests { get; set; }

    /// <summary>
    /// Gets or sets how much of a route's template is in <c>http.route</c> and in the name of the span.
    /// </summary>
    /// <value>The default value is <see cref="RouteTemplateFormat.Template"/>: the template as it was written.</value>
    public RouteTemplateFormat RouteTemplateFormat { get; set; }

    /// <summary>
    /// Gets regular expressions of the names of the request headers to capture. Each header becomes the span attribute
    /// <c>http.request.header.{name in lower case}</c>, an array of its values. An expression has to match the whole name and ignores case:
    /// <c>x-.*</c>, not <c>x-</c>.
    /// </summary>
    /// <remarks>
    /// When the delegate given to <c>AddRouteTracing</c> runs, the list holds the items of the configuration section (an array, or one
    /// delimited string) and of <c>OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST</c>. At most 64 values of a request are
    /// captured, and at most 1,024 characters of each. Headers that an item names exactly come first; the others follow in the order of the
    /// items that match them, and add at most 256 attribute names until the settings change. In <c>Referer</c>, <c>Location</c> and other
    /// headers that hold a URL, the values of query parameters are replaced by <c>Redacted</c>, as OpenTelemetry replaces those of
    /// <c>url.query</c>. An item added in code that isn't a valid expression, or that needs backtracking (look-around, back-references),
    /// throws an <see cref="ArgumentException"/> at startup; one that comes from the configuration is logged and ignored. The list can have
    /// 256 items: further items of the configuration are logged and ignored, and more items added in code throw an <see
    /// cref="ArgumentException"/>.
    /// </remarks>
    /// <value>The default value is an empty list.</value>
    [StringSyntax(StringSyntaxAttribute.Regex)]
    public IList<string> CapturedRequestHeaders { get; } = new PatternList(nameof(CapturedRequestHeaders), HeaderPattern.MaxItems);

    /// <summary>
    /// Gets regular expressions of the names of the response headers to capture. Each header becomes the span attribute
    /// <c>http.response.header.{name in lower case}</c>, as <see cref="CapturedRequestHeaders"/> describes. They are read at the end of the
    /// request, after <see cref="ResponsePropagators"/> and <see cref="ResponseHook"/> have added theirs.
    /// </summary>
    /// <remarks>The variable is <c>OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE</c>.</remarks>
    /// <value>The default value is an empty list.</value>
    [StringSyntax(StringSyntaxAttribute.Regex)]
    public IList<string> CapturedResponseHeaders { get; } = new PatternList(nameof(CapturedResponseHeaders), HeaderPattern.MaxItems);

    /// <summary>
    /// Gets regular expressions of the names of headers whose values are captured as <c>[REDACTED]</c>. An expression is searched in the
    /// name and ignores case:
    /// <c>cookie</c> also covers <c>Set-Cookie</c>.
    /// </summary>
    /// <remarks>
    /// The items of the configuration section and of <c>OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS</c> are added to the
    /// default. Code can clear the list; then the query parameters of headers that hold a URL aren't redacted either. Items that aren't
    /// valid, or too many, are treated as those of <see cref="CapturedRequestHeaders"/>.
    /// </remarks>
    /// <value>
    /// The default value covers the headers that usually hold secrets: authorization and cookies, and names that contain <c>token</c>,
    /// <c>secret</c>, <c>api-key</c>, <c>signature</c>, <c>session</c>, <c>jwt</c>, <c>cert</c> and the like.
    /// </value>
    [StringSyntax(StringSyntaxAttribute.Regex)]
    public IList<string> SanitizedHeaders { get; } = new PatternList(nameof(SanitizedHeaders), HeaderPattern.MaxItems);

    /// <summary>
    /// Gets or sets which response headers tell the client the trace of its request. <c>Access-Control-Expose-Headers</c> names them, too.
    /// Excluded requests get none. Requests that aren't sampled get them, with flags that say so. The answer that the server itself gives
    /// to an exception that escaped the application has none.
    /// </summary>
    /// <value>The default value is <see cref="ResponsePropagators.None"/>.</value>
    public ResponsePropagators ResponsePropagators { get; set; }

    /// <summary>
    /// Gets or sets a delegate to call as <see cref="IRouteTracingHook.OnRequest"/>, before the hooks of the service container.
    /// </summary>
    /// <remarks>
    /// The delegate isn't awaited. If it is <see langword="async"/>, what it does after its first <see langword="await"/> may come too late
    /// for the span; that is logged once, and so is an exception.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public Action<Activity, HttpRequest>? RequestHook { get; set; }

    /// <summary>
    /// Gets or sets a delegate to call as <see cref="IRouteTracingHook.OnResponse"/>, before the hooks of the service container.
    /// </summary>
    /// <remarks>
    /// The delegate isn't awaited, as <see cref="RequestHook"/> describes. If no response starts, scoped services may come from a scope of
    /// their own, because that of the request is disposed.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public Action<Activity, HttpResponse>? ResponseHook { get; set; }

    /// <summary>
    /// Binds the section <c>Aspire:RouteTracing</c> and the variables of OpenTelemetry. The sources of a list add up; none hides another.
    /// </summary>
    internal void Bind(IConfiguration configuration, ExclusionsFile file)
    {
        var section = configuration.GetSection("Aspire:RouteTracing");
        Enabled = section.GetValue(nameof(Enabled), Enabled);
        MatchFullUrl = section.GetValue(nameof(MatchFullUrl), MatchFullUrl);
        ExcludeFromMetrics = section.GetValue(nameof(ExcludeFromMetrics), ExcludeFromMetrics);
        HonorUpstreamExclusion = section.GetValue(nameof(HonorUpstreamExclusion), HonorUpstreamExclusion);
        ExclusionKey = section.GetValue(nameof(ExclusionKey), ExclusionKey);
        PreviousExclusionKey = section.GetValue(nameof(PreviousExclusionKey), PreviousExclusionKey);
        KeepFailedRequests = section.GetValue(nameof(KeepFailedRequests), KeepFailedRequests);
        RouteTemplateFormat = section.GetValue(nameof(RouteTemplateFormat), RouteTemplateFormat);
        ResponsePropagators = section.GetValue(nameof(ResponsePropagators), ResponsePropagators);

        var excludedUrls = PatternList.Of(ExcludedUrls);
        excludedUrls.AddSection(section.GetSection(nameof(ExcludedUrls)));
        excludedUrls.AddText(configuration[AspNetCoreVariable], AspNetCoreVariable);

        // The AppHost wrote its list to the variable when the service started and to the file since.
        if (file.Items is { } items)
        {
            excludedUrls.AddItems(items, ExclusionsFile.PathKey);
        }
        else
        {
            excludedUrls.AddText(configuration[GeneralVariable], GeneralVariable);
        }

        BindHeaders(CapturedRequestHeaders, nameof(CapturedRequestHeaders), HeaderVariables + "SERVER_REQUEST");
        BindHeaders(CapturedResponseHeaders, nameof(CapturedResponseHeaders), HeaderVariables + "SERVER_RESPONSE");
        BindHeaders(SanitizedHeaders, nameof(SanitizedHeaders), HeaderVariables + "SANITIZE_FIELDS");

        void BindHeaders(IList<string> setting, string name, string variable)
        {
            var list = PatternList.Of(setting);
            list.AddSection(section.GetSection(name));
            list.AddText(configuration[variable], variable);
        }
    }
}
