using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>
/// Names endpoints after their routes: the path base and the template, with a leading slash and the names of controller, action, area and
/// page, which are static segments (https://opentelemetry.io/docs/specs/semconv/http/http-spans/).
/// </summary>
/// <remarks>Span and metric take the route from the endpoint's metadata, so a named endpoint is a copy with additional metadata.</remarks>
internal sealed partial class RouteNaming(
    ConfiguredPathBases configuredPathBases,
    EndpointExclusion endpointExclusion,
    SafeLogger<RouteNaming> logger,
    ParameterPolicyFactory? parameterPolicies = null)
{
    // The order of the endpoints of MapFallback.
    private const int FallbackOrder = int.MaxValue;

    // Clients can invent path bases (/{tenant}, X-Forwarded-Prefix), and each adds a metric series per endpoint, so only the first ones are
    // part of names.
    private const int MaxUnknownPathBases = 10;

    private static readonly string[] ActionKeys = ["area", "controller", "action", "page"];

    private readonly NamedEndpoints _withoutPathBase = new("");
    private readonly ConcurrentDictionary<string, NamedEndpoints> _pathBases = new(StringComparer.OrdinalIgnoreCase);
    private int _unknownPathBases;
    private bool _failed;

    /// <summary>
    /// Returns a copy of <paramref name="endpoint"/> with the name, or <paramref name="endpoint"/> if it needs none.
    /// </summary>
    public Endpoint Name(Endpoint endpoint, RouteTemplateFormat format, PathString pathBase = default)
    {
        var endpoints = !pathBase.HasValue ? _withoutPathBase
            : _pathBases.TryGetValue(pathBase.Value, out var known) ? known
            : AddPathBase(pathBase.Value);
        var copies = format == RouteTemplateFormat.Simple ? endpoints.Simple : endpoints.Templates;
        return copies.TryGetValue(endpoint, out var copy) ? copy
            : copies.GetOrAdd(endpoint, CopyOrLog(endpoint, format, endpoints.PathBase));
    }

    private NamedEndpoints AddPathBase(string pathBase)
    {
        var configured = configuredPathBases.Find(pathBase);
        if (configured is not null || _unknownPathBases < MaxUnknownPathBases)
        {
            // Rare, so a lock is sufficient for the count.
            lock (_pathBases)
            {
                if ((configured is not null || _unknownPathBases < MaxUnknownPathBases)
                    && _pathBases.TryAdd(pathBase, new NamedEndpoints(configured ?? pathBase))
                    && configured is null)
                {
                    _unknownPathBases++;
                }
            }
        }

        // Another request can have added it meanwhile.
        return _pathBases.GetValueOrDefault(pathBase, _withoutPathBase);
    }

    private Endpoint CopyOrLog(Endpoint endpoint, RouteTemplateFormat format, string pathBase)
    {
        try
        {
            return Copy(endpoint, format, pathBase);
        }
        catch (Exception exception)
        {
            if (!Interlocked.Exchange(ref _failed, true))
            {
                Log.Failed(logger, endpoint.DisplayName, exception);
            }

            return endpoint;
        }
    }

    private Endpoint Copy(Endpoint endpoint, RouteTemplateFormat format, string pathBase)
    {
        var written = endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>();
        var execute = endpoint.RequestDelegate;

        // An application and a separate tracer provider can both have route tracing. The first one names the endpoint.
        var isNamed = written is RouteName { Execute: var known } && known == execute;
        if (isNamed || (endpoint is not RouteEndpoint && endpoint.GetType() != typeof(Endpoint)))
        {
            return endpoint;
        }

        // A policy can create another endpoint with the metadata of a named one.
        var route = written is RouteName name ? name.Route : RouteOf(endpoint, written, format, pathBase);
        if (execute is not null && endpoint.Metadata.GetMetadata<ExcludeFromTracingAttribute>() is not null)
        {
            execute = endpointExclusion.Wrap(execute, route ?? endpoint.DisplayName ?? "");
        }

        if (execute is not null && endpoint is RouteEndpoint { Order: FallbackOrder })
        {
            execute = KeepEndpoint(execute);
        }

        if (written?.Route == route && execute == endpoint.RequestDelegate)
        {
            return endpoint;
        }

        var metadata = new EndpointMetadataCollection([.. endpoint.Metadata, new RouteName(route, execute)]);
        return endpoint is RouteEndpoint matched
            ? new RouteEndpoint(execute!, matched.RoutePattern, matched.Order, metadata, matched.DisplayName)
            : new Endpoint(execute, metadata, endpoint.DisplayName);
    }

    // MapFallbackToFile removes the endpoint from the request, so that the static files middleware serves the file. Metric and span need
    // the endpoint again.
    private static RequestDelegate KeepEndpoint(RequestDelegate execute)
    {
        return context =>
        {
            // Before the handler runs, which may continue on another thread.
            var feature = context.Features.Get<IEndpointFeature>();
            var endpoint = feature?.Endpoint;
            var response = execute(context);
            return feature is { Endpoint: null } ? RestoreAsync(response, feature, endpoint) : response;
        };

        static async Task RestoreAsync(Task response, IEndpointFeature feature, Endpoint? endpoint)
        {
            try
            {
                await response;
            }
            finally
            {
                feature.Endpoint ??= endpoint;
            }
        }
    }

    private string? RouteOf(Endpoint endpoint, IRouteDiagnosticsMetadata? written, RouteTemplateFormat format, string pathBase) =>
        RouteOf(endpoint, written, format) switch
        {
            null => null,
            "/" when format == RouteTemplateFormat.Simple && pathBase.Length != 0 => pathBase,
            var route => pathBase + route,
        };

    // Null for an endpoint without a route, such as the one that answers 405.
    private string? RouteOf(Endpoint endpoint, IRouteDiagnosticsMetadata? written, RouteTemplateFormat format)
    {
        if (endpoint is RouteEndpoint { RoutePattern: var pattern }
            && (written is null ? pattern.PathSegments.Count != 0 : IsWrittenByRouting(written, pattern)))
        {
            return Write(pattern, format);
        }

        // The application named the route itself, or a dynamic route selected an action, which has no pattern.
        return written is not null ? WithLeadingSlash(written.Route) : RouteOfAction(endpoint);
    }

    // In ASP.NET Core 11, the metadata differs from RawText, because it includes constraints from outside of the template.
    private static bool IsWrittenByRouting(IRouteDiagnosticsMetadata written, RoutePattern pattern) =>
        written.GetType().Assembly == typeof(RouteEndpoint).Assembly || written.Route == pattern.RawText;

    private string Write(RoutePattern pattern, RouteTemplateFormat format)
    {
        if (format == RouteTemplateFormat.Template
            && pattern.RawText is { } text
            && pattern.Parameters.All(parameter => FixedValue(pattern, parameter) is null))
        {
            return WithLeadingSlash(text);
        }

        var route = new StringBuilder();
        foreach (var segment in pattern.PathSegments)
        {
            route.Append('/');
            foreach (var part in segment.Parts)
            {
                _ = part switch
                {
                    RoutePatternLiteralPart literal => route.Append(literal.Content),
                    RoutePatternSeparatorPart separator => route.Append(separator.Content),
                    RoutePatternParameterPart parameter when FixedValue(pattern, parameter) is { } value => route.Append(value),
                    RoutePatternParameterPart parameter when format == RouteTemplateFormat.Simple =>
                        route.Append('{').Append(parameter.Name).Append('}'),
                    RoutePatternParameterPart parameter => Append(route, parameter),
                    _ => route,
                };
            }
        }

        return route.Length == 0 ? "/" : route.ToString();
    }

    // A conventional route has one endpoint per action, whose pattern requires the action's {controller} and {action}. Routing matches them
    // as the first transformer of the parameter writes them.
    private string? FixedValue(RoutePattern pattern, RoutePatternParameterPart parameter)
    {
        if (!pattern.RequiredValues.TryGetValue(parameter.Name, out var value) || value is not string { Length: > 0 } text)
        {
            return null;
        }

        // A tracer provider without an application has no parameter policies.
        return parameterPolicies is not null && pattern.ParameterPolicies.TryGetValue(parameter.Name, out var references)
            && references
                .Select(reference => parameterPolicies.Create(parameter, reference))
                .OfType<IOutboundParameterTransformer>()
                .FirstOrDefault() is { } transformer
            ? transformer.TransformOutbound(text)
            : text;
    }

    private static StringBuilder Append(StringBuilder route, RoutePatternParameterPart parameter)
    {
        route.Append('{');
        if (parameter.IsCatchAll)
        {
            route.Append(parameter.EncodeSlashes ? "*" : "**");
        }

        route.Append(parameter.Name);
        foreach (var policy in parameter.ParameterPolicies)
        {
            // A policy that is an object outside of the template has no text.
            if (policy.Content is { } content)
            {
                route.Append(':').Append(content.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));
            }
        }

        if (parameter.Default is { } value)
        {
            route.Append(CultureInfo.InvariantCulture, $"={value}");
        }

        return route.Append(parameter.IsOptional ? "?}" : "}");
    }

    private static string? RouteOfAction(Endpoint endpoint)
    {
        if (endpoint.Metadata.GetMetadata<ActionDescriptor>() is not { RouteValues: var values })
        {
            return null;
        }

        var names = ActionKeys
            .Select(key => values.TryGetValue(key, out var value) ? value?.TrimStart('/') : null)
            .Where(name => !string.IsNullOrEmpty(name));
        return "/" + string.Join('/', names);
    }

    private static string WithLeadingSlash(string template) =>
        template switch
        {
            ['/', ..] => template,
            ['~', '/', ..] => template[1..],
            _ => "/" + template,
        };

    /// <summary>
    /// The name of a route as metadata, and the delegate of the endpoint that has it. The last name of an endpoint applies.
    /// </summary>
    private sealed record RouteName(string? Route, RequestDelegate? Execute) : IRouteDiagnosticsMetadata
    {
        string IRouteDiagnosticsMetadata.Route => Route!;
    }

    /// <summary>The named endpoints of one path base.</summary>
    private sealed record NamedEndpoints(string PathBase)
    {
        // An entry lives as long as its endpoint, because sources such as a reloaded proxy configuration replace their endpoints.
        public ConditionalWeakTable<Endpoint, Endpoint> Templates { get; } = [];

        public ConditionalWeakTable<Endpoint, Endpoint> Simple { get; } = [];
    }

    private static partial class Log
    {
        [LoggerMessage(
            30, LogLevel.Error,
            "The endpoint '{Endpoint}' could not be named after its route. Its requests keep the name that OpenTelemetry gives them. "
            + "Further failures are not logged.")]
        public static partial void Failed(ILogger logger, string? endpoint, Exception exception);
    }
}
