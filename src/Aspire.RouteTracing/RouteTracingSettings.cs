using System.Diagnostics;
using Aspire.RouteTracing.Configuration;
using Aspire.RouteTracing.Headers;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing;

/// <summary>
/// The settings of route tracing, bound to the configuration section <c>Aspire:RouteTracing</c> and then handed to the delegate given to
/// <c>AddRouteTracing</c>. Both happen again whenever the configuration changes; the new settings apply to the next request.
/// </summary>
/// <remarks>
/// A value of the section that can't be converted to its setting's type is an <see cref="InvalidOperationException"/> at start-up. After a change of the
/// configuration it is logged, and the settings so far stay in force.
/// </remarks>
public sealed class RouteTracingSettings
{
    /// <summary>
    /// Gets or sets whether route tracing is in force. When <see langword="false"/>, requests are traced as OpenTelemetry's ASP.NET Core
    /// instrumentation traces them without this library.
    /// </summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Gets the regular expressions of the URLs that leave no trace, one expression an item. Each is searched, not anchored, case-sensitively,
    /// in the path of the request (<c>PathBase + Path</c>, decoded); an item that contains <c>://</c> is searched in the whole URL.
    /// </summary>
    /// <remarks>
    /// When the delegate given to <c>AddRouteTracing</c> runs, the list holds what came from the configuration section (an array, or one
    /// comma-delimited string), from <c>OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS</c> and from <c>OTEL_DOTNET_EXCLUDED_URLS</c>, or, in its place, from the file that
    /// <c>Aspire:RouteTracing:ExclusionsFile</c> names; the delegate may add to it or clear it.
    /// An item added in code that is no valid expression is an <see cref="ArgumentException"/> at start-up; one that comes from the
    /// configuration is logged and left out. Of a list of more than 10,000 items the first 10,000 apply, and that is logged.
    /// </remarks>
    /// <value>The default value is an empty list.</value>
    public IList<string> ExcludedUrls { get; } = [];

    /// <summary>
    /// Gets or sets whether every item of <see cref="ExcludedUrls"/> is searched in the whole URL, <c>scheme://host/pathbase/path?query</c>
    /// without the default port, as OpenTelemetry's Flask instrumentation does. The host and the query are the client's to choose, so a
    /// client can then keep its requests out of the traces.
    /// </summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool MatchFullUrl { get; set; }

    /// <summary>
    /// Gets or sets whether an excluded request is left out of the metric <c>http.server.request.duration</c>, too. The counter
    /// <c>aspire.route_tracing.excluded_requests</c> counts it in any case.
    /// </summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool ExcludeFromMetrics { get; set; } = true;

    /// <summary>
    /// Gets or sets whether a request is left out of the traces because the service that sent it was answering an excluded request itself.
    /// The sender says so in a <c>tracestate</c> member signed with the <see cref="ExclusionKey"/> that both share. It never affects metrics.
    /// </summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool HonorUpstreamExclusion { get; set; } = true;

    /// <summary>
    /// Gets or sets the secret that authenticates exclusions between services: text of at least 16 bytes in UTF-8. Without a key, nothing is signed and
    /// nothing is honored, so <see cref="HonorUpstreamExclusion"/> has no effect.
    /// </summary>
    /// <remarks>A shorter key is logged as an error and treated as absent. Keep the key out of files; set the variable <c>Aspire__RouteTracing__ExclusionKey</c>.</remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public string? ExclusionKey { get; set; }

    /// <summary>
    /// Gets or sets a second key that is honored but not used to sign, so that services can change their <see cref="ExclusionKey"/> one after the other.
    /// </summary>
    /// <remarks>A key shorter than 16 bytes is logged as an error and treated as absent.</remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public string? PreviousExclusionKey { get; set; }

    /// <summary>
    /// Gets or sets whether an excluded request that fails keeps its server span. A request fails when it ends with a 5xx status code or an exception escapes
    /// from the application. Spans of the work below it stay excluded.
    /// </summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool KeepFailedRequests { get; set; }

    /// <summary>
    /// Gets or sets how much of a route's template is in <c>http.route</c> and in the name of the span.
    /// </summary>
    /// <value>The default value is <see cref="RouteTemplateFormat.Template"/>: the template as it was written.</value>
    public RouteTemplateFormat RouteTemplateFormat { get; set; }

    /// <summary>
    /// Gets regular expressions of the names of the request headers that become attributes of the span, <c>http.request.header.{name in lower case}</c>, each
    /// with the header's values. An expression has to match the whole name, in whatever case: <c>x-.*</c>, not <c>x-</c>.
    /// </summary>
    /// <remarks>
    /// When the delegate given to <c>AddRouteTracing</c> runs, the list holds what came from the configuration section (an array, or one comma-delimited string) and from
    /// <c>OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST</c>. At most 64 values of a request are captured, at most 1,024 characters of each. An item added in code
    /// that is no valid expression, or that needs backtracking (look-around, back-references), is an <see cref="ArgumentException"/> at start-up;
    /// one that comes from the configuration is logged and left out. Of a list of more than 256 items the first 256 apply, and that is logged.
    /// </remarks>
    /// <value>The default value is an empty list.</value>
    public IList<string> CapturedRequestHeaders { get; } = [];

    /// <summary>
    /// Gets regular expressions of the names of the response headers that become attributes of the span, <c>http.response.header.{name in lower case}</c>, as
    /// <see cref="CapturedRequestHeaders"/> does for the request. They are read at the end of the request, so what <see cref="ResponsePropagators"/> and
    /// <see cref="ResponseHook"/> added is there.
    /// </summary>
    /// <remarks>The variable is <c>OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE</c>.</remarks>
    /// <value>The default value is an empty list.</value>
    public IList<string> CapturedResponseHeaders { get; } = [];

    /// <summary>
    /// Gets regular expressions of the names of headers whose values are captured as <c>[REDACTED]</c>. An expression is searched in the name, in whatever case:
    /// <c>cookie</c> covers <c>Set-Cookie</c>, too.
    /// </summary>
    /// <remarks>
    /// What the configuration section and <c>OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS</c> hold is added to the default; code can clear the list. Items that
    /// are no valid expression, or too many, are treated as those of <see cref="CapturedRequestHeaders"/>.
    /// </remarks>
    /// <value>The default value is <c>authorization</c>, <c>cookie</c>, <c>set-cookie</c>, <c>proxy-authorization</c>, <c>x-api-key</c>.</value>
    public IList<string> SanitizedHeaders { get; } = [.. SensitiveHeaders.Names];

    /// <summary>
    /// Gets or sets which response headers tell the client the trace of its request. They are named in <c>Access-Control-Expose-Headers</c>, too. Excluded requests get none;
    /// requests that are not sampled do, and their flags say so. The answer that the server gives by itself to an exception that escaped the application has none.
    /// </summary>
    /// <value>The default value is <see cref="ResponsePropagators.None"/>.</value>
    public ResponsePropagators ResponsePropagators { get; set; }

    /// <summary>Gets or sets what is called as <see cref="IRouteTracingHook.OnRequest"/>, before the hooks of the service container.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public Action<Activity, HttpRequest>? RequestHook { get; set; }

    /// <summary>Gets or sets what is called as <see cref="IRouteTracingHook.OnResponse"/>, before the hooks of the service container.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public Action<Activity, HttpResponse>? ResponseHook { get; set; }

    /// <summary>What the lists hold that comes from the configuration, and what could not be read there.</summary>
    internal SettingsSources Sources { get; set; } = SettingsSources.None;
}
