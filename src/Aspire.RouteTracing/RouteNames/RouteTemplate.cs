using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>
/// Writes the route of an endpoint as the semantic conventions want <c>http.route</c>: with a leading slash, and with the controller, the action,
/// the area and the page named, which they count as static segments (https://opentelemetry.io/docs/specs/semconv/http/http-spans/).
/// </summary>
internal static class RouteTemplate
{
    private static readonly string[] ActionKeys = ["area", "controller", "action", "page"];

    /// <returns>The route without the path base, or <see langword="null"/> for an endpoint that has none, such as the one that answers 405.</returns>
    public static string? Of(Endpoint endpoint, RouteTemplateFormat format)
    {
        var written = endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route;
        if (endpoint is RouteEndpoint { RoutePattern: var pattern } && (written is null || pattern.RawText is null || written == pattern.RawText))
        {
            return Write(pattern, format);
        }

        // The application gave the route a name of its own, or a dynamic route has chosen an action, which has no pattern then.
        return written is not null ? WithLeadingSlash(written) : OfAction(endpoint);
    }

    private static string Write(RoutePattern pattern, RouteTemplateFormat format)
    {
        if (format == RouteTemplateFormat.Template && pattern.RawText is { } written && pattern.Parameters.All(parameter => FixedValue(pattern, parameter) is null))
        {
            return WithLeadingSlash(written);
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
                    RoutePatternParameterPart parameter when format == RouteTemplateFormat.Simple => route.Append('{').Append(parameter.Name).Append('}'),
                    RoutePatternParameterPart parameter => Append(route, parameter),
                    _ => route,
                };
            }
        }

        return route.Length == 0 ? "/" : route.ToString();
    }

    // A conventional route has one endpoint for each action, whose pattern says which values of {controller} and {action} are that action's.
    private static string? FixedValue(RoutePattern pattern, RoutePatternParameterPart parameter)
        => pattern.RequiredValues.TryGetValue(parameter.Name, out var value) && value is string { Length: > 0 } text ? text : null;

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
            // One that is given as an object, beside the template, is not written in it.
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

    private static string? OfAction(Endpoint endpoint)
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

    private static string WithLeadingSlash(string template)
        => template switch
        {
            ['/', ..] => template,
            ['~', '/', ..] => template[1..],
            _ => "/" + template,
        };
}
