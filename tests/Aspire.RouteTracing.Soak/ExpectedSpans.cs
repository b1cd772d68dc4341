using System.Diagnostics;

namespace Aspire.RouteTracing.Soak;

/// <summary>The spans of a request as texts: expected ones and actual ones. <c>#</c> is the number of the request.</summary>
internal static class ExpectedSpans
{
    private const string CalledRoute = ServicePair.CalledRoute;

    // Tags of ASP.NET Core and HttpClient that differ between requests, processes or versions of .NET.
    private static readonly HashSet<string> Ignored =
    [
        "client.address", "network.peer.address", "network.peer.port", "network.protocol.version", "server.address", "server.port",
        "url.full", "url.path", "url.scheme",
    ];

    /// <summary>Returns the spans that a request of a case must have under a sampler, sorted.</summary>
    public static string[] Of(RequestCase request, Sampler sampler)
    {
        var spans = new List<string>();
        var server = request.Route is null ? request.Method : $"{request.Method} {request.Route}";
        var isTraced = request.IsTraced(sampler);
        var isError = request.ErrorType is not null;
        if (isTraced)
        {
            spans.Add(Write(server, ActivityKind.Server, "the caller", isError, [.. ServerTags(request), .. CallbackTags(request)]));
        }
        else if (request.IsExcluded && request.StatusCode == 500 && sampler.KeepsFailedRequests)
        {
            string[] tags = [.. ServerTags(request), $"aspire.route_tracing.excluded_by={request.Pattern}"];
            spans.Add(Write(server, ActivityKind.Server, "the caller", isError, tags));
        }

        if (isTraced && request.Route is not null)
        {
            spans.Add(WriteInternal("work", server));
        }

        if (isTraced && request.Work.HasFlag(Work.Call))
        {
            var called = new RequestCase("GET", "", CalledRoute);
            string[] tags = [.. ServerTags(called), .. CallbackTags(called, isCalled: true)];
            spans.Add(Write("GET", ActivityKind.Client, server, false, ["http.request.method=GET", "http.response.status_code=200"]));
            spans.Add(Write($"GET {CalledRoute}", ActivityKind.Server, "GET", isError: false, tags));
            spans.Add(WriteInternal("lookup", $"GET {CalledRoute}"));
        }

        if (request.Work.HasFlag(Work.NewRoot) && !request.IsExcluded)
        {
            spans.Add(WriteInternal("new root", "nothing"));
        }

        if (request.Work.HasFlag(Work.SpanAfterwards))
        {
            spans.Add(WriteInternal("afterwards", isTraced ? server : "a span that was not exported"));
        }

        spans.Sort(StringComparer.Ordinal);
        return [.. spans];
    }

    /// <summary>Returns the spans that were exported for a request, sorted.</summary>
    public static string[] In(SoakRequest request)
    {
        var spans = request.Spans.ToArray();
        var texts = Array.ConvertAll(spans, span => Write(
            NameOf(span),
            span.Kind,
            span.ParentSpanId == default ? "nothing"
                : span.ParentSpanId == request.CallerSpanId ? "the caller"
                : Array.Find(spans, other => other.SpanId == span.ParentSpanId) is { } parent ? NameOf(parent)
                : "a span that was not exported",
            span.Status == ActivityStatusCode.Error,
            span.TagObjects.Where(tag => !Ignored.Contains(tag.Key)).Append(new("tracestate", span.TraceStateString?.Split('=')[0]))
                .Where(tag => tag.Value is not (null or "")).Select(tag => $"{tag.Key}={ValueOf(tag.Value)}")));
        Array.Sort(texts, StringComparer.Ordinal);
        return texts;

        string NameOf(Activity span) => span.DisplayName.Replace($"/{request.Number}", "/#", StringComparison.Ordinal);

        string ValueOf(object? value)
        {
            var text = value is string[] values ? string.Join('|', values) : value as string;
            return text == request.Number ? "#" : text ?? $"{value}";
        }
    }

    /// <summary>Returns what spans have that others don't: of a span that has a counterpart, its name and what differs.</summary>
    public static string Subtract(IEnumerable<string> spans, IEnumerable<string> others)
    {
        var counterparts = others.Select(other => other.Split("; ")).ToArray();
        var differences = spans.Except(others).Select(span => span.Split("; ")).Select(parts => string.Join(
            ' ',
            Array.Find(counterparts, other => other[0] == parts[0]) is { } found ? [parts[0], .. parts.Except(found)] : parts[..2]));
        return string.Join(" and ", differences.DefaultIfEmpty("nothing"));
    }

    private static string WriteInternal(string name, string parent) =>
        Write(name, ActivityKind.Internal, parent, isError: false, [$"{SoakRequest.NumberTag}=#"]);

    private static string Write(string name, ActivityKind kind, string parent, bool isError, IEnumerable<string> tags) =>
        string.Join("; ", [$"{name} [{kind}]", $"below {parent}", isError ? "error" : "ok", .. tags.Order(StringComparer.Ordinal)]);

    private static IEnumerable<string> ServerTags(RequestCase request)
    {
        yield return $"http.request.method={request.Method}";
        yield return $"http.response.status_code={request.StatusCode}";
        if (request.Route is { } route)
        {
            yield return $"http.route={route}";
        }

        if (request.ErrorType is { } error)
        {
            yield return $"error.type={error.FullName}";
        }
    }

    // What the hooks and the captured headers add.
    private static IEnumerable<string> CallbackTags(RequestCase request, bool isCalled = false)
    {
        string[] hooks =
        [
            $"{SoakHook.RequestTag}=#", $"{SoakHook.ResponseTag}={request.StatusCode}",
            $"{SoakHook.SettingsRequestTag}=#", $"{SoakHook.SettingsResponseTag}={request.StatusCode}",
        ];
        string[] own = isCalled ? [] : ["http.request.header.authorization=[REDACTED]", "http.request.header.x-soak-cart=basket"];
        string[] toggled = request.Toggled.IsCaptured ? [$"http.request.header.{ReloadedList.ToggledHeader}=toggle"] : [];
        string[] response = request is { Route: not null, ErrorType: null }
            ? ["http.response.header.x-answer=#", "http.response.header.set-cookie=[REDACTED]"]
            : [];
        return [$"http.request.header.{SoakRequest.NumberHeader}=#", .. hooks, .. own, .. toggled, .. response];
    }
}
