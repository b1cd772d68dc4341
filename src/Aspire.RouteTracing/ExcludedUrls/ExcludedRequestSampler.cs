using System.Diagnostics;
using Aspire.RouteTracing.Instrumentation;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Drops the spans of excluded requests. The application's sampler decides all other spans. See "Why a sampler, not a listener" in
/// docs/architecture.md.
/// </summary>
internal sealed class ExcludedRequestSampler : Sampler, IDisposable
{
    private static readonly SamplingResult Drop = new(SamplingDecision.Drop);
    private static readonly SamplingResult RecordOnly = new(SamplingDecision.RecordOnly);
    private static readonly SamplingResult RecordAndSample = new(SamplingDecision.RecordAndSample);

    private readonly Sampler _sampler;

    private ExcludedRequestSampler(Sampler sampler)
    {
        _sampler = sampler;
        Description = sampler.Description;
    }

    /// <summary>
    /// Wraps the application's sampler, except <see cref="AlwaysOnSampler"/>: OpenTelemetry doesn't call it, so <see
    /// cref="ExcludedSpanProcessor"/> is cheaper than a wrapper.
    /// </summary>
    public static Sampler Around(Sampler sampler) => sampler is AlwaysOnSampler ? sampler : new ExcludedRequestSampler(sampler);

    // The tracer provider disposes the outermost sampler only.
    public void Dispose() => (_sampler as IDisposable)?.Dispose();

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        // A recorded parent doesn't belong to an excluded request.
        var parent = samplingParameters.ParentContext;
        return (parent.TraceFlags & ActivityTraceFlags.Recorded) != 0
            ? _sampler.ShouldSample(samplingParameters)
            : SampleWithoutRecordedParent(samplingParameters, parent);
    }

    private SamplingResult SampleWithoutRecordedParent(in SamplingParameters span, in ActivityContext parent)
    {
        if (span.Name == ServerActivity.OperationName)
        {
            // Filter excludes a server span after it has started.
            if (parent.IsRemote || parent.TraceId == default)
            {
                return _sampler.ShouldSample(span);
            }

            if (FailedRequestSpan.IsStarting(span))
            {
                return RecordAndSample;
            }
        }

        var local = FindCurrent(parent);
        return ExcludedSpans.FindOrigin(parent, local) switch
        {
            SpanOrigin.Running => ExcludeRunning(span, parent),
            SpanOrigin.Belated => Exclude(span, isOutsideOfParent: local is null),

            // As a root, because parent-based samplers drop children of unrecorded spans.
            SpanOrigin.Outlived => _sampler.ShouldSample(new(default, span.TraceId, span.Name, span.Kind, span.Tags, span.Links)),
            _ => _sampler.ShouldSample(span),
        };
    }

    private static SamplingResult ExcludeRunning(in SamplingParameters span, in ActivityContext parent)
    {
        // A new root that is dropped has no span that the processor could remember.
        if (parent.TraceId == default)
        {
            ExcludedSpans.AddTrace(span.TraceId);
        }

        return Exclude(span, isOutsideOfParent: false);
    }

    // Calls, messages, and spans that run outside of their parent's context are created but not exported, so that what they send or start
    // has an excluded span as its parent.
    private static SamplingResult Exclude(in SamplingParameters span, bool isOutsideOfParent) =>
        isOutsideOfParent || span.Kind is ActivityKind.Client or ActivityKind.Producer ? RecordOnly : Drop;

    private static Activity? FindCurrent(in ActivityContext parent) =>
        Activity.Current is { } current && current.SpanId == parent.SpanId ? current : null;
}
