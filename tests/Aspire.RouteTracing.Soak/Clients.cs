using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Aspire.RouteTracing.Soak;

/// <summary>Sends the requests, some from clients that go away.</summary>
internal sealed class Clients(Uri address, Ledger ledger) : IDisposable
{
    private const int Concurrency = 32;

    // No handler that traces: the requests carry the trace ids that the ledger knows.
    private readonly HttpClient _client = new(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = address };
    private int _sent;

    public int Sent => _sent;

    public Task SendAsync(Range ids) =>
        Parallel.ForEachAsync(Enumerable.Range(ids.Start.Value, ids.End.Value - ids.Start.Value), new ParallelOptions { MaxDegreeOfParallelism = Concurrency }, async (id, cancellation) =>
        {
            var request = new SoakRequest(id);
            await (request.IsAborted ? AbortAsync(request) : SendAsync(request));
            Interlocked.Increment(ref _sent);
        });

    public void Dispose() => _client.Dispose();

    private async Task SendAsync(SoakRequest request)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, new Uri(request.Path, UriKind.Relative));
        message.Headers.Add("traceparent", request.TraceParent);
        message.Headers.Add(SoakRequest.IdHeader, request.Id.ToString(CultureInfo.InvariantCulture));
        try
        {
            using var response = await _client.SendAsync(message);
            if (response.StatusCode == HttpStatusCode.OK && await response.Content.ReadAsStringAsync() == "ok")
            {
                ledger.Answered(request);
            }
        }
        catch (HttpRequestException)
        {
            // Not answered: the ledger finds it.
        }
    }

    private async Task AbortAsync(SoakRequest request)
    {
        using var client = new TcpClient { LingerState = new(enable: true, seconds: 0) };
        await client.ConnectAsync(address.Host, address.Port);
        var text = $"GET {request.Path} HTTP/1.1\r\nHost: {address.Authority}\r\ntraceparent: {request.TraceParent}\r\n{SoakRequest.IdHeader}: {request.Id}\r\n\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
        if (!request.IsAbortedAtOnce)
        {
            await client.GetStream().ReadExactlyAsync(new byte[1]);
        }
    }
}
