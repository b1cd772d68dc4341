using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Drops what starts within an excluded request before it costs anything, and before the application's sampler counts it against a
/// rate. <see cref="ExcludedRequests"/> reaches the spans that no sampler of this provider is asked about.
/// </summary>
internal sealed class ExcludedRequestSampler : Sampler
{
    private readonly Sampler _sampler;
    private readonly ExcludedRequests _excludedRequests;

    public ExcludedRequestSampler(Sampler sampler, ExcludedRequests excludedRequests)
    {
        _sampler = sampler;
        _excludedRequests = excludedRequests;
        Description = sampler.Description;
    }

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
        => _excludedRequests.IsRunning ? new SamplingResult(SamplingDecision.Drop) : _sampler.ShouldSample(samplingParameters);
}
