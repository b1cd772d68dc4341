using System.Diagnostics;
using Aspire.RouteTracing.Instrumentation;
using OpenTelemetry;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Stops recording the spans of excluded requests that <see cref="ExcludedRequestSampler"/> doesn't decide, and signs their calls. See "Why
/// a processor as well" in docs/architecture.md.
/// </summary>
internal sealed class ExcludedSpanProcessor : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        // Filter decides a server span.
        if (data.Parent is { Recorded: true } || data is { Parent: null, OperationName: ServerActivity.OperationName })
        {
            return;
        }

        var request = ExcludedRequest.Current;
        if (request is { IsRunning: true } && !data.HasRemoteParent)
        {
            ExcludedRequest.StopRecording(data);
            request.Sign(data);
        }
        else if (IsBelated(data, request))
        {
            ExcludedRequest.StopRecording(data);
        }
        else if (!data.HasRemoteParent)
        {
            // Work that outlives the request inherits the trace state of the call in which it was started.
            ExclusionSignature.Remove(data);
        }
    }

    private static bool IsBelated(Activity span, ExcludedRequest? request) =>
        span.ParentSpanId != default
            && ExcludedSpans.Contains(span.ParentSpanId)
            && (span.HasRemoteParent || request?.IsOutlivedBy(span.TraceId, span.Parent) != true);
}
