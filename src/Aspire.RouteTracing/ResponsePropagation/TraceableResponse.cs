using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Aspire.RouteTracing.ResponsePropagation;

/// <summary>Writes the trace of a request to its response headers, unless the request is excluded.</summary>
internal sealed class TraceableResponse(HttpResponse response, Activity server, ExcludedRequest? request, ResponsePropagators propagators)
{
    private const string TraceResponse = "traceresponse";
    private const string ServerTiming = "Server-Timing";

    /// <summary>
    /// Writes the headers when the response starts, even if the request isn't sampled. Until then, an endpoint can exclude the request.
    /// </summary>
    public static void Register(HttpResponse response, Activity? server, ExcludedRequest? request, ResponsePropagators propagators)
    {
        if (!response.HasStarted && server is { IdFormat: ActivityIdFormat.W3C })
        {
            response.OnStarting(
                static state =>
                {
                    ((TraceableResponse)state).WriteTrace();
                    return Task.CompletedTask;
                },
                new TraceableResponse(response, server, request, propagators));
        }
    }

    private void WriteTrace()
    {
        // An endpoint can exclude a request that the middleware didn't track.
        if (request?.ExcludedBy is not null || ExcludedSpans.Contains(server))
        {
            return;
        }

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

    // Scripts of other origins can read only the headers that are listed here.
    private static void Expose(IHeaderDictionary headers, string name)
    {
        var exposed = headers.GetCommaSeparatedValues(HeaderNames.AccessControlExposeHeaders);
        if (!exposed.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            headers.AppendCommaSeparatedValues(HeaderNames.AccessControlExposeHeaders, name);
        }
    }
}
