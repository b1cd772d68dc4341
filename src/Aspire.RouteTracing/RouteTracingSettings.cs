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
/// Provides the settings of route tracing. They are bound to the configuration section <c>Aspire:RouteTracing</c> and then passed to the
/// delegate given to <c>AddRouteTracing</c>.
/// </summary>
/// <remarks>
/// The settings are created again whenever the configuration changes, and apply from the next request on. <see
/// cref="CapturedResponseHeaders"/> also applies to running requests. A configured value that can't be converted to the type of its setting
/// throws an <see cref="InvalidOperationException"/> at startup. Later, the error is logged, and the previous settings still apply.
/// </remarks>
public sealed class RouteTracingSettings
{
    private const string HeaderVariables = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_";

    /// <summary>Initializes a new instance of the <see cref="RouteTracingSettings"/> class with the default settings.</summary>
    public RouteTracingSettings() =>
        PatternList.Of(SanitizedHeaders).AddItems(HeaderPattern.Sensitive, PatternList.Default);

    /// <summary>
    /// Gets or sets a value indicating whether route tracing is enabled. When disabled, requests are traced as without this library.
    /// </summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Gets the regular expressions that exclude requests from the traces. Each expression is searched, case-sensitively and not anchored,
    /// in the decoded path of the request (<c>PathBase + Path</c>). An expression that contains <c>://</c> is searched in the whole URL.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The list initially contains the items of the configuration section (an array, or one delimited string) and of the variables
    /// <c>OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS</c> and <c>OTEL_DOTNET_EXCLUDED_URLS</c>. If <c>Aspire:RouteTracing:ExclusionsFile</c> names
    /// a file that can be read, its items replace those of the latter variable. The delegate given to <c>AddRouteTracing</c> can add items
    /// or clear the list.
    /// </para>
    /// <para>
    /// The list can contain 10,000 items of up to 1,000 characters. Invalid expressions and excess items are logged and ignored if they are
    /// configured. If they are added in code, they throw an <see cref="ArgumentException"/> at startup.
    /// </para>
    /// <para>
    /// Most expressions are searched in texts of any length. The others, such as <c>(/[a-z]+)+$</c>, which repeats a group, don't match a
    /// text of more than 1,024 characters.
    /// </para>
    /// </remarks>
    /// <value>The default value is an empty list.</value>
    [StringSyntax(StringSyntaxAttribute.Regex)]
    public IList<string> ExcludedUrls { get; } = new PatternList(nameof(ExcludedUrls), ExclusionMatcher.MaxItems);

    /// <summary>
    /// Gets or sets a value indicating whether every item of <see cref="ExcludedUrls"/> is searched in the whole URL,
    /// <c>scheme://host/pathbase/path?query</c> without the default port, as in OpenTelemetry's Flask instrumentation.
    /// </summary>
    /// <remarks>Clients choose the host and the query, so they can exclude their own requests when this is enabled.</remarks>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool MatchFullUrl { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether requests that a URL or an endpoint excludes are also excluded from the metric
    /// <c>http.server.request.duration</c>. The counter <c>aspire.route_tracing.excluded_requests</c> always counts them.
    /// </summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool ExcludeFromMetrics { get; set; } = true;

    /// <summary>
    /// Gets or sets a value indicating whether a call from an excluded request of another service is excluded, too. Metrics aren't
    /// affected.
    /// </summary>
    /// <remarks>
    /// The caller marks its calls with a <c>tracestate</c> member that it signs with its <see cref="ExclusionKey"/>. Without a shared key,
    /// this setting has no effect.
    /// </remarks>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool HonorUpstreamExclusion { get; set; } = true;

    /// <summary>
    /// Gets or sets the shared secret that authenticates exclusions between services: at least 16 bytes of text in UTF-8. Without a key,
    /// exclusions are neither signed nor honored.
    /// </summary>
    /// <remarks>
    /// A shorter key is logged as an error and ignored. Don't store the key in a file; set the variable
    /// <c>Aspire__RouteTracing__ExclusionKey</c>.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public string? ExclusionKey { get; set; }

    /// <summary>
    /// Gets or sets a second key that is honored but never used to sign, so that services can change their <see cref="ExclusionKey"/> one
    /// at a time. Without an <see cref="ExclusionKey"/>, it has no effect.
    /// </summary>
    /// <remarks>A key shorter than 16 bytes is logged as an error and ignored.</remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public string? PreviousExclusionKey { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether the server span of an excluded request that fails is exported. A request fails if its status
    /// code is 5xx, or if an exception escapes from the application. It doesn't fail if the server answers the exception with a 4xx status
    /// code, or if the client has aborted the request. Other spans of the request stay excluded.
    /// </summary>
    /// <remarks>
    /// The span is exported regardless of the sampler. It has the trace id of the request, a new span id, and the attributes of the
    /// semantic conventions, <c>url.query</c> only if an endpoint excludes the request. Hooks and <c>Enrich</c> callbacks don't run for it.
    /// Requests that are excluded by a <c>Filter</c> or because of their caller have one, too.
    /// </remarks>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool KeepFailedRequests { get; set; }

    /// <summary>
    /// Gets or sets the format of the route in <c>http.route</c> and in the name of the span.
    /// </summary>
    /// <value>The default value is <see cref="RouteTemplateFormat.Template"/>.</value>
    public RouteTemplateFormat RouteTemplateFormat { get; set; }

    /// <summary>
    /// Gets the regular expressions that name the request headers to capture as span attributes. An expression must match the whole name
    /// and ignores case: <c>x-.*</c>, not <c>x-</c>.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The attribute is <c>http.request.header.{name in lower case}</c>, an array of the header's values, as the semantic conventions
    /// specify (https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/).
    /// </para>
    /// <para>
    /// The list initially contains the items of the configuration section (an array, or one delimited string) and of the variable
    /// <c>OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST</c>.
    /// </para>
    /// <para>
    /// At most 64 values of a request are captured, and at most 1,024 characters of each value. If there are more, headers that an item
    /// names exactly come first. Expressions capture at most 256 different headers until a list of headers changes.
    /// </para>
    /// <para>
    /// In headers that contain a URL, such as <c>Referer</c>, the user information and the values of query parameters are replaced by
    /// <c>Redacted</c>, as in OpenTelemetry's <c>url.query</c>. An unknown header isn't treated as a URL.
    /// </para>
    /// <para>
    /// The list can contain 256 items. Excess items and invalid expressions are logged and ignored if they are configured. If they are
    /// added in code, they throw an <see cref="ArgumentException"/> at startup. Expressions that need backtracking (look-around,
    /// back-references) are invalid.
    /// </para>
    /// </remarks>
    /// <value>The default value is an empty list.</value>
    [StringSyntax(StringSyntaxAttribute.Regex)]
    public IList<string> CapturedRequestHeaders { get; } = new PatternList(nameof(CapturedRequestHeaders), HeaderPattern.MaxItems);

    /// <summary>
    /// Gets the regular expressions that name the response headers to capture as span attributes. The rules and limits are those of <see
    /// cref="CapturedRequestHeaders"/>.
    /// </summary>
    /// <remarks>
    /// The attribute is <c>http.response.header.{name in lower case}</c>. The variable is
    /// <c>OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE</c>. Headers are read at the end of the request, so headers that <see
    /// cref="ResponsePropagators"/> and <see cref="ResponseHook"/> add can be captured, too.
    /// </remarks>
    /// <value>The default value is an empty list.</value>
    [StringSyntax(StringSyntaxAttribute.Regex)]
    public IList<string> CapturedResponseHeaders { get; } = new PatternList(nameof(CapturedResponseHeaders), HeaderPattern.MaxItems);

    /// <summary>
    /// Gets the regular expressions that name sensitive headers, whose values are captured as <c>[REDACTED]</c>. An expression is searched
    /// in the name and ignores case: <c>cookie</c> also covers <c>Set-Cookie</c>.
    /// </summary>
    /// <remarks>
    /// The list initially contains the default items, the items of the configuration section, and the items of the variable
    /// <c>OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS</c>. The delegate given to <c>AddRouteTracing</c> can clear it; then
    /// the query parameters of headers that contain a URL aren't redacted either. Invalid and excess items are treated as in <see
    /// cref="CapturedRequestHeaders"/>.
    /// </remarks>
    /// <value>
    /// The default items cover headers that usually contain secrets: <c>Authorization</c>, cookies, and names that contain <c>token</c>,
    /// <c>secret</c>, <c>api-key</c>, <c>signature</c>, <c>session</c>, <c>jwt</c>, <c>cert</c> and the like.
    /// </value>
    [StringSyntax(StringSyntaxAttribute.Regex)]
    public IList<string> SanitizedHeaders { get; } = new PatternList(nameof(SanitizedHeaders), HeaderPattern.MaxItems);

    /// <summary>
    /// Gets or sets the response headers that tell the client which trace its request belongs to. The names of these headers are added to
    /// <c>Access-Control-Expose-Headers</c>.
    /// </summary>
    /// <remarks>
    /// Responses to excluded requests don't get the headers. Responses to requests that aren't sampled get them, with an unsampled flag.
    /// The server's own response to an exception that escaped from the application doesn't get them.
    /// </remarks>
    /// <value>The default value is <see cref="ResponsePropagators.None"/>.</value>
    public ResponsePropagators ResponsePropagators { get; set; }

    /// <summary>
    /// Gets or sets the delegate that is called as <see cref="IRouteTracingHook.OnRequest"/>, before the hooks of the service container.
    /// </summary>
    /// <remarks>
    /// The delegate isn't awaited. If it is <see langword="async"/>, the code after its first <see langword="await"/> may run after the
    /// span has ended; this is logged once. An exception is logged once, and the request continues.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public Action<Activity, HttpRequest>? RequestHook { get; set; }

    /// <summary>
    /// Gets or sets the delegate that is called as <see cref="IRouteTracingHook.OnResponse"/>, before the hooks of the service container.
    /// </summary>
    /// <remarks>
    /// The delegate isn't awaited, and its exceptions are logged, as described for <see cref="RequestHook"/>. If no response starts,
    /// scoped services come from a new scope, because the scope of the request is already disposed.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public Action<Activity, HttpResponse>? ResponseHook { get; set; }

    /// <summary>Gets the items of the AppHost's file, or <see langword="null"/> if there is none.</summary>
    internal IReadOnlyList<string>? FileItems { get; private set; }

    /// <summary>
    /// Binds the section <c>Aspire:RouteTracing</c> and OpenTelemetry's variables. The sources of a list add up.
    /// </summary>
    internal void Bind(IConfiguration configuration, ExclusionsFile file)
    {
        var section = configuration.GetSection(ConfigurationKeys.Section);
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
        excludedUrls.AddConfigured(configuration, ConfigurationKeys.AspNetCoreExcludedUrls);

        // Both hold the AppHost's list: the variable as of the start of the service, the file with later edits.
        FileItems = file.Items;
        if (FileItems is not null)
        {
            excludedUrls.AddItems(FileItems, ConfigurationKeys.ExclusionsFile);
        }
        else
        {
            excludedUrls.AddText(configuration[ConfigurationKeys.DotNetExcludedUrls], ConfigurationKeys.DotNetExcludedUrls);
        }

        PatternList.Of(CapturedRequestHeaders).AddConfigured(configuration, HeaderVariables + "SERVER_REQUEST");
        PatternList.Of(CapturedResponseHeaders).AddConfigured(configuration, HeaderVariables + "SERVER_RESPONSE");
        PatternList.Of(SanitizedHeaders).AddConfigured(configuration, HeaderVariables + "SANITIZE_FIELDS");
    }
}
