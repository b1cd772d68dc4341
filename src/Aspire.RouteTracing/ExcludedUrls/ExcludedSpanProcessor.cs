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
        else if (data.Recorded && IsBelated(data, request))
        {
            ExcludedRequest.StopRecording(data);
        }
    }

    // The flags of the parent are at the end of ParentId. Building that text is slow, so the trace is checked first.
    private static bool IsBelated(Activity span, ExcludedRequest? request) =>
        span.ParentSpanId != default
            && ExcludedTraces.Contains(span.TraceId)
            && !(request is { ExcludedBy: not null } && request.Server?.TraceId == span.TraceId)
            && span.ParentId is [.., '0' or '2' or '4' or '6' or '8' or 'a' or 'c' or 'e'];
}
