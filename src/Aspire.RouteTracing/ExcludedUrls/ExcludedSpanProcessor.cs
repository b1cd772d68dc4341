using System.Diagnostics;
using Aspire.RouteTracing.Instrumentation;
using OpenTelemetry;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Stops recording the spans of excluded requests that <see cref="ExcludedRequestSampler"/> doesn't decide, and signs their calls. See "Why
/// a processor as well" in docs/architecture.md.
/// </summary>
internal sealed class ExcludedSpanProcessor(ExclusionSignature signature) : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        // Filter excludes a server span after it has started.
        if (data.Parent is { Recorded: true } || data is { Parent: null, OperationName: ServerActivity.OperationName })
        {
            return;
        }

        switch (ExcludedSpans.FindOrigin(data))
        {
            case SpanOrigin.Running:
                ExcludedSpans.StopRecording(data);
                SignCall(data);
                break;
            case SpanOrigin.Belated:
                ExcludedSpans.StopRecording(data);
                break;
            default:
                // Work that outlives the request inherits the trace state of the call in which it was started. A message has that of its
                // sender.
                ExclusionSignature.Remove(data);
                break;
        }
    }

    private void SignCall(Activity span)
    {
        if (span.Kind is ActivityKind.Client or ActivityKind.Producer && ExcludedRequest.Current?.Settings.SigningKey is { } key)
        {
            signature.Sign(span, key);
        }
    }
}
