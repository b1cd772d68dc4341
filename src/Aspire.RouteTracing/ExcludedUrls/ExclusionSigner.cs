using System.Diagnostics;
using OpenTelemetry;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>Signs the calls of excluded requests. The span id, which the signature covers, is known once the span has started.</summary>
internal sealed class ExclusionSigner : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        if (!data.Recorded && data.Kind is ActivityKind.Client or ActivityKind.Producer && ExcludedRequest.Current is { IsRunning: true } request)
        {
            request.Sign(data);
        }
    }
}
