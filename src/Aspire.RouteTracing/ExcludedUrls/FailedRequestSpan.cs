using System.Diagnostics;
using Aspire.RouteTracing.Instrumentation;
using Aspire.RouteTracing.RouteNames;
using Aspire.RouteTracing.ServerErrors;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Exports a server span for an excluded request that failed (<see cref="RouteTracingSettings.KeepFailedRequests"/>).</summary>
/// <remarks>
/// A new span, because ASP.NET Core may have created the server activity without a listener, and a parent that isn't exported can't be
/// removed from an existing span.
/// </remarks>
internal sealed class FailedRequestSpan(IConfiguration configuration, ActivitySource? source = null) : IDeveloperPageExceptionFilter
{
    private const string ExcludedByTag = "aspire.route_tracing.excluded_by";

    // Others are written as _OTHER, because clients can invent them
    // (https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/).
    private readonly HashSet<string> _knownMethods = new(
        configuration["OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"] is { Length: > 0 } methods
            ? methods.Split(',', StringSplitOptions.RemoveEmptyEntries)
            : ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Gets or sets whether the application wants exceptions recorded as events.</summary>
    public bool RecordException { get; set; }

    /// <summary>Returns whether a server span is that of a failed request, which is exported regardless of the sampler.</summary>
    public static bool IsStarting(in SamplingParameters server) =>
        server.Tags is KeyValuePair<string, object?>[] and [{ Key: ExcludedByTag }];

    /// <summary>Stores the exception that the developer exception page shows, because the page doesn't publish it.</summary>
    public Task HandleExceptionAsync(ErrorContext errorContext, Func<ErrorContext, Task> next)
    {
        errorContext.HttpContext.Features.Set(new ShownException(errorContext.Exception));
        return next(errorContext);
    }

    /// <summary>
    /// Exports the server span of an excluded request, if the request failed with the exception that escapes or the status code that the
    /// server sends.
    /// </summary>
    public void Export(HttpContext context, ExcludedRequest request, Exception? failure, int statusCode)
    {
        if (source is null || request.Server is not { } server || !IsFailure(failure, statusCode))
        {
            return;
        }

        // With a default parent, StartActivity uses Activity.Current instead.
        var current = Activity.Current;
        Activity.Current = null;
        try
        {
            using var span = source.StartActivity(
                ActivityKind.Server,
                ParentOf(server),
                new KeyValuePair<string, object?>[] { new(ExcludedByTag, request.ExcludedBy) },
                startTime: server.StartTimeUtc,
                name: ServerActivity.OperationName);
            if (span is not null)
            {
                Describe(span, context, request, failure, statusCode);
            }
        }
        finally
        {
            Activity.Current = current;
        }
    }

    private static bool IsFailure(Exception? failure, int statusCode) =>
        failure is not (null or BadHttpRequestException) || statusCode >= StatusCodes.Status500InternalServerError;

    // Keeps the trace id, which the logs have, and the parent if it was recorded. The context is local and unrecorded, because the
    // application's sampler decides below other parents.
    private static ActivityContext ParentOf(Activity server) => new(
        server.TraceId,
        ExcludedSpans.HasRecordedParent(server) ? server.ParentSpanId : default,
        ActivityTraceFlags.None,
        server.TraceStateString);

    // Attributes as in https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span.
    private void Describe(Activity span, HttpContext context, ExcludedRequest excluded, Exception? failure, int statusCode)
    {
        var received = excluded.Received!;
        var handled = context.Features.Get<IExceptionHandlerFeature>();
        var exception = failure ?? handled?.Error ?? context.Features.Get<ShownException>()?.Exception;
        var endpoint = ReExecution.FindMatched(context) ?? handled?.Endpoint;
        var route = endpoint?.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route;
        _ = _knownMethods.TryGetValue(received.Method, out var method);
        CopyValues(excluded.Server!, span);
        span.DisplayName = string.IsNullOrEmpty(route) ? method ?? "HTTP" : $"{method ?? "HTTP"} {route}";
        span.SetTag("http.request.method", method ?? "_OTHER");
        span.SetTag("http.request.method_original", method == received.Method ? null : received.Method);
        span.SetTag("http.route", route);
        span.SetTag("url.scheme", received.Scheme);
        span.SetTag("url.path", received.Path.HasValue ? received.Path.ToUriComponent() : "/");
        span.SetTag("server.address", received.Host.Host);
        span.SetTag("server.port", received.Host.Port);
        span.SetTag("user_agent.original", received.UserAgent);
        span.SetTag("network.protocol.version", context.Request.Protocol.Split('/')[^1]);
        span.SetTag("http.response.status_code", statusCode);
        span.SetTag("error.type", ServerErrorTags.FindErrorType(context, exception, isHandled: failure is null, statusCode));
        if (exception is not null && RecordException)
        {
            ServerErrorTags.AddExceptionOnce(span, exception);
        }
    }

    // What the application set on the server activity.
    private static void CopyValues(Activity server, Activity span)
    {
        foreach (var (name, value) in server.TagObjects)
        {
            span.SetTag(name, value);
        }

        foreach (var happened in server.Events)
        {
            span.AddEvent(happened);
        }

        span.SetStatus(ActivityStatusCode.Error, server.Status is ActivityStatusCode.Error ? server.StatusDescription : null);
    }

    /// <summary>What was received and can be changed by middleware, such as that of forwarded headers.</summary>
    public sealed class Received(HttpRequest request)
    {
        public string Method { get; } = request.Method;

        public string Scheme { get; } = request.Scheme;

        public HostString Host { get; } = new(ExclusionList.HostOf(request) ?? "");

        public PathString Path { get; } = request.PathBase + request.Path;

        public string? UserAgent { get; } = request.Headers.UserAgent;
    }

    private sealed record ShownException(Exception Exception);
}
