using System.Diagnostics;

namespace Aspire.RouteTracing.Soak;

/// <summary>The spans of a request as texts: those that must come, and those that came.</summary>
internal static class ExpectedSpans
{
    /// <summary>What stands for the number of the request in a text.</summary>
    private const string Own = "#";

    private const string RequestHeader = "http.request.header.";
    private const string ResponseHeader = "http.response.header.";

    // What differs from one request, process or connection to the next, and that route tracing doesn't touch.
    private static readonly HashSet<string> Ignored =
    [
        "server.address", "server.port", "url.scheme", "url.path", "url.full", "user_agent.original", "network.protocol.version",
        "network.peer.address", "network.peer.port",
    ];

    /// <summary>Returns the spans that a request of a case must have under a sampler, sorted.</summary>
    public static string[] Of(RequestCase request, Sampler sampler)
    {
        var spans = new List<string>();
        var server = request.Route is null ? request.Method : $"{request.Method} {request.Route}";
        var isTraced = request.IsTraced(sampler);
        if (isTraced)
        {
            spans.Add(Write(server, ActivityKind.Server, "caller", request.ErrorType is not null, ServerTags(request)));
            if (request.Route is not null)
            {
                spans.Add(Write("work", ActivityKind.Internal, server));
            }

            if (request.Work.HasFlag(Work.Call))
            {
                spans.Add(Write("GET", ActivityKind.Client, server, isError: false, ["http.request.method=GET", "http.response.status_code=200"]));
                spans.Add(Write("GET /stock/{id:int}", ActivityKind.Server, "GET", isError: false, CalledServerTags()));
                spans.Add(Write("lookup", ActivityKind.Internal, "GET /stock/{id:int}"));
            }
        }
        else if (request.IsExcluded && request.Work.HasFlag(Work.Fail) && sampler.KeepsFailedRequests)
        {
            spans.Add(Write(server, ActivityKind.Server, "caller", isError: true, KeptServerTags(request)));
        }

        if (request.Work.HasFlag(Work.NewRoot) && !request.IsExcluded)
        {
            spans.Add(Write("new root", ActivityKind.Internal, "nothing"));
        }

        if (request.Work.HasFlag(Work.Afterwards))
        {
            spans.Add(Write("afterwards", ActivityKind.Internal, isTraced ? server : "a span that was not exported"));
        }

        spans.Sort(StringComparer.Ordinal);
        return [.. spans];
    }

    /// <summary>Returns the spans that were exported for a request, sorted.</summary>
    public static string[] In(SoakRequest request)
    {
        var spans = request.ToSpans();
        var texts = Array.ConvertAll(spans, span => Write(
            span.DisplayName,
            span.Kind,
            ParentOf(span, request, spans),
            span.Status == ActivityStatusCode.Error,
            TagsOf(span, request)));
        Array.Sort(texts, StringComparer.Ordinal);
        return texts;
    }

    /// <summary>Returns what spans have that others don't: of a span that has a counterpart, its name and what differs.</summary>
    public static string Subtract(IEnumerable<string> spans, IReadOnlyCollection<string> others)
    {
        var differing = spans.Except(others).Select(span => span.Split("; ")).Select(parts =>
        {
            var counterpart = others.Select(other => other.Split("; ")).FirstOrDefault(other => other[0] == parts[0]);
            return string.Join(' ', counterpart is null ? parts[..2] : [parts[0], .. parts.Except(counterpart)]);
        });
        return string.Join(" and ", differing.DefaultIfEmpty("nothing"));
    }

    private static string ParentOf(Activity span, SoakRequest request, Activity[] spans) =>
        span.ParentSpanId == default ? "nothing"
        : span.ParentSpanId == request.CallerSpanId ? "caller"
        : Array.Find(spans, other => other.SpanId == span.ParentSpanId)?.DisplayName ?? "a span that was not exported";

    // The trace state, too: the member of the caller must go no further.
    private static IEnumerable<string> TagsOf(Activity span, SoakRequest request) =>
    [
        .. span.TagObjects.Where(tag => !Ignored.Contains(tag.Key)).Select(tag => $"{tag.Key}={ValueOf(tag.Value, request)}"),
        .. string.IsNullOrEmpty(span.TraceStateString) ? Array.Empty<string>() : [$"tracestate={span.TraceStateString}"],
    ];

    private static string ValueOf(object? value, SoakRequest request)
    {
        var text = value is string[] values ? string.Join('|', values) : value?.ToString() ?? "";
        return text == request.NumberText ? Own : text;
    }

    private static string Write(string name, ActivityKind kind, string parent) =>
        Write(name, kind, parent, isError: false, kind == ActivityKind.Internal ? [$"{SoakRequest.NumberTag}={Own}"] : []);

    private static string Write(string name, ActivityKind kind, string parent, bool isError, IEnumerable<string> tags) =>
        string.Join("; ", [$"{name} [{kind}]", $"below {parent}", isError ? "error" : "ok", .. tags.Order(StringComparer.Ordinal)]);

    private static IEnumerable<string> ServerTags(RequestCase request) =>
    [
        $"http.request.method={request.Method}",
        $"http.response.status_code={request.StatusCode}",
        .. request.Route is { } route ? [$"http.route={route}"] : Array.Empty<string>(),
        .. request.ErrorType is { } error ? [$"error.type={error}"] : Array.Empty<string>(),
        .. HookTags(request.StatusCode),
        $"{RequestHeader}{SoakRequest.NumberHeader}={Own}",
        $"{RequestHeader}authorization=[REDACTED]",
        $"{RequestHeader}x-soak-cart=basket",
        .. request.CapturesToggle ? [$"{RequestHeader}{ReloadedList.ToggledHeader}=toggle"] : Array.Empty<string>(),
        .. request.Route is null || request.ErrorType is not null ? [] : ResponseHeaderTags(),
    ];

    private static IEnumerable<string> CalledServerTags() =>
    [
        "http.request.method=GET",
        "http.response.status_code=200",
        "http.route=/stock/{id:int}",
        .. HookTags(200),
        $"{RequestHeader}{SoakRequest.NumberHeader}={Own}",
        .. ResponseHeaderTags(),
    ];

    private static IEnumerable<string> KeptServerTags(RequestCase request) =>
    [
        $"http.request.method={request.Method}",
        $"http.response.status_code={request.StatusCode}",
        $"http.route={request.Route}",
        $"error.type={request.ErrorType}",
        $"aspire.route_tracing.excluded_by={request.Pattern}",
    ];

    private static IEnumerable<string> HookTags(int statusCode) =>
    [
        $"{SoakHook.RequestTag}={Own}",
        $"{SoakHook.ResponseTag}={statusCode}",
        $"{SoakHook.SettingsRequestTag}={Own}",
        $"{SoakHook.SettingsResponseTag}={statusCode}",
    ];

    private static IEnumerable<string> ResponseHeaderTags() =>
        [$"{ResponseHeader}x-answer={Own}", $"{ResponseHeader}set-cookie=[REDACTED]"];
}
