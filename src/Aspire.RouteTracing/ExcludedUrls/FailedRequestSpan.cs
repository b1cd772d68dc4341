using System.Diagnostics;
using System.Globalization;
using Aspire.RouteTracing.Instrumentation;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Exports a server span for an excluded request that failed (<see cref="RouteTracingSettings.KeepFailedRequests"/>).</summary>
/// <remarks>
/// A span of its own, not the server activity: ASP.NET Core may have made that one without a listener, and the parent of a span can't be
/// removed where it isn't exported.
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

        // A span without a parent takes the current activity for it.
        var current = Activity.Current;
        Activity.Current = null;
        request.IsExportingFailure = true;
        using (var span = _source.StartActivity(
            ActivityKind.Server, ParentOf(server), startTime: server.StartTimeUtc, name: ServerActivity.OperationName))
        {
            request.IsExportingFailure = false;
            if (span is not null)
            {
                var handled = context.Features.Get<IExceptionHandlerFeature>();
                Describe(
                    span, context, context.GetEndpoint() ?? handled?.Endpoint, request.ExcludedBy!, failure ?? handled?.Error, statusCode);
            }
        }

        Activity.Current = current;
    }

    public void Dispose() => _source.Dispose();

    // An aborted request is not the server's failure.
    private static bool IsFailure(HttpContext context, Exception? failure, int statusCode) =>
        failure is null or BadHttpRequestException
            ? statusCode >= StatusCodes.Status500InternalServerError
            : !(failure is OperationCanceledException && context.RequestAborted.IsCancellationRequested);

    // The trace id stays, because the request's logs have it. The caller's span stays where it is exported. Local and unrecorded either
    // way, so that the sampler comes to IsExportingFailure.
    private static ActivityContext ParentOf(Activity server)
    {
        var isParentRecorded = ActivityContext.TryParse(server.ParentId, null, out var parent)
            && parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded);
        return new ActivityContext(
            server.TraceId, isParentRecorded ? parent.SpanId : default, ActivityTraceFlags.None, server.TraceStateString);
    }

    // Attributes as https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span has them.
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
