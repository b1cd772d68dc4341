using System.Diagnostics;
using System.Globalization;
using Aspire.RouteTracing.Instrumentation;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Exports a server span for an excluded request that failed (<see cref="RouteTracingSettings.KeepFailedRequests"/>).</summary>
/// <remarks>
/// A new span, because ASP.NET Core may have created the server activity without a listener, and a parent that isn't exported can't be
/// removed from an existing span.
/// </remarks>
internal sealed class FailedRequestSpan(AspNetCoreCallbacks callbacks) : IDisposable
{
    private readonly ActivitySource _source = new(ServerActivity.SourceName);

    public void Export(HttpContext context, ExcludedRequest request, Exception? failure, int statusCode)
    {
        if (request.Server is not { } server || !IsFailure(context, failure, statusCode))
        {
            return;
        }

        // Otherwise, the current activity becomes the parent of a span without one.
        var current = Activity.Current;
        Activity.Current = null;
        try
        {
            request.IsExportingFailure = true;
            using var span = _source.StartActivity(
                ActivityKind.Server, ParentOf(server), startTime: server.StartTimeUtc, name: ServerActivity.OperationName);
            request.IsExportingFailure = false;
            if (span is not null)
            {
                var handled = context.Features.Get<IExceptionHandlerFeature>();
                Describe(
                    span, context, context.GetEndpoint() ?? handled?.Endpoint, request.ExcludedBy!, failure ?? handled?.Error, statusCode);
            }
        }
        finally
        {
            request.IsExportingFailure = false;
            Activity.Current = current;
        }
    }

    public void Dispose() => _source.Dispose();

    // An aborted request isn't a failure of the server.
    private static bool IsFailure(HttpContext context, Exception? failure, int statusCode) =>
        failure is null or BadHttpRequestException
            ? statusCode >= StatusCodes.Status500InternalServerError
            : !(failure is OperationCanceledException && context.RequestAborted.IsCancellationRequested);

    // Keeps the trace id, which the logs have, and the parent if it was recorded. Local and unrecorded, so that the sampler checks
    // IsExportingFailure.
    private static ActivityContext ParentOf(Activity server)
    {
        var isParentRecorded = ActivityContext.TryParse(server.ParentId, null, out var parent)
            && parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded);
        return new ActivityContext(
            server.TraceId, isParentRecorded ? parent.SpanId : default, ActivityTraceFlags.None, server.TraceStateString);
    }

    // Attributes as in https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span.
    private void Describe(Activity span, HttpContext context, Endpoint? endpoint, string excludedBy, Exception? exception, int statusCode)
    {
        var request = context.Request;
        var route = endpoint?.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route;
        span.DisplayName = string.IsNullOrEmpty(route) ? request.Method : $"{request.Method} {route}";
        span.SetTag("http.request.method", request.Method);
        span.SetTag("http.route", route);
        span.SetTag("url.scheme", request.Scheme);
        span.SetTag("url.path", (request.PathBase + request.Path).Value);
        span.SetTag("server.address", request.Host.Host);
        span.SetTag("server.port", request.Host.Port);
        span.SetTag("http.response.status_code", statusCode);
        span.SetTag("error.type", exception?.GetType().FullName ?? statusCode.ToString(CultureInfo.InvariantCulture));
        span.SetTag("aspire.route_tracing.excluded_by", excludedBy);
        span.SetStatus(ActivityStatusCode.Error, exception?.Message);
        if (exception is not null && callbacks.RecordException)
        {
            span.AddException(exception);
        }
    }
}
