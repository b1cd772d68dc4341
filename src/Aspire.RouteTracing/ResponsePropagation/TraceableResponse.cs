using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Aspire.RouteTracing.ResponsePropagation;

/// <summary>A response that will tell the trace of its request.</summary>
internal sealed class TraceableResponse(HttpResponse response, Activity server, ExcludedRequests excludedRequests, ResponsePropagators propagators)
{
    private const string TraceResponse = "traceresponse";
    private const string ServerTiming = "Server-Timing";

    public Task WriteTraceAsync()
    {
        // The endpoint may have excluded the request in the meantime, and the application may have renamed its activity.
        if (!excludedRequests.IsRunning && !ExcludedRequests.Contain(server))
        {
            WriteTrace();
        }

        return Task.CompletedTask;
    }

    private void WriteTrace()
    {
        var headers = response.Headers;
        var trace = $"00-{server.TraceId}-{server.SpanId}-{(server.Recorded ? "01" : "00")}";
        if (propagators.HasFlag(ResponsePropagators.TraceResponse))
        {
            headers[TraceResponse] = trace;
            Expose(headers, TraceResponse);
        }

        if (propagators.HasFlag(ResponsePropagators.ServerTiming))
        {
            headers.Append(ServerTiming, $"traceparent;desc=\"{trace}\"");
            Expose(headers, ServerTiming);
        }
    }

    // Scripts of another origin can read only the headers that are named here.
    private static void Expose(IHeaderDictionary headers, string name)
    {
        var exposed = headers.GetCommaSeparatedValues(HeaderNames.AccessControlExposeHeaders);
        if (!exposed.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            headers.AppendCommaSeparatedValues(HeaderNames.AccessControlExposeHeaders, name);
        }
    }
}
