using System.Collections.Concurrent;

namespace Aspire.RouteTracing.Tests.Hooks;

/// <summary>Records the calls of hooks, in order.</summary>
internal sealed class HookCalls : ConcurrentQueue<string>
{
    public void Add(string call) => Enqueue(call);

    public void Record(RouteTracingSettings settings)
    {
        settings.RequestHook = (span, _) => Add($"request {span.GetTagItem("http.route")}");
        settings.ResponseHook = (_, response) => Add($"response {response.StatusCode}");
    }
}
