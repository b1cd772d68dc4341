using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Drops what starts within an excluded request before it costs anything, and before a sampler that does not ask the parent counts it against a
/// rate. <see cref="ExcludedRequests"/> reaches the spans that this sampler is not asked about.
/// </summary>
internal sealed class ExcludedRequestSampler : Sampler
{
    private readonly Sampler _sampler;
    private readonly ExcludedRequests _excludedRequests;

    private ExcludedRequestSampler(Sampler sampler, ExcludedRequests excludedRequests)
    {
        _sampler = sampler;
        _excludedRequests = excludedRequests;
        Description = sampler.Description;
    }

    /// <returns>
    /// <paramref name="sampler"/> itself if it asks the parent, as OpenTelemetry's default does: it drops by itself what has an excluded request for its
    /// parent. New roots, which have none, are rare and left to <paramref name="excludedRequests"/>; to ask here would cost every span.
    /// </returns>
    public static Sampler Around(Sampler sampler, ExcludedRequests excludedRequests)
        => sampler is ParentBasedSampler ? sampler : new ExcludedRequestSampler(sampler, excludedRequests);

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
        => _excludedRequests.IsRunning ? new SamplingResult(SamplingDecision.Drop) : _sampler.ShouldSample(samplingParameters);
}
