using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.RouteTracing;

/// <summary>
/// The settings of route tracing, bound to the configuration section <c>Aspire:RouteTracing</c> and then handed to the delegate given to
/// <c>AddRouteTracing</c>. Both happen again whenever the configuration changes; the new settings apply to the next request.
/// </summary>
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
    /// comma-delimited string), from <c>OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS</c> and from <c>OTEL_DOTNET_EXCLUDED_URLS</c>; the delegate may add to it or clear it.
    /// An item added in code that is no valid expression is an <see cref="ArgumentException"/> at start-up; one that comes from the
    /// configuration is logged and left out.
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
    /// The sender says so in a <c>tracestate</c> member signed with the key <c>Aspire:RouteTracing:ExclusionKey</c> that both share; without a key
    /// the member is written and honoured in the Development environment only. It never affects metrics.
    /// </summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool HonorUpstreamExclusion { get; set; } = true;

    /// <summary>
    /// Gets or sets how much of a route's template is in <c>http.route</c> and in the name of the span.
    /// </summary>
    /// <value>The default value is <see cref="RouteTemplateFormat.Template"/>: the template as it was written.</value>
    public RouteTemplateFormat RouteTemplateFormat { get; set; }

    /// <summary>Where the items of <see cref="ExcludedUrls"/> that don't come from code came from, and what could not be read there.</summary>
    internal ExclusionSources Sources { get; set; } = ExclusionSources.None;
}
