using System.Net;
using System.Net.Sockets;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>Ports for servers that must be told one.</summary>
internal static class FreePort
{
    // Systems assign higher ports to sockets that ask for any, so no such socket takes the port before the server does.
    private const int First = 20_000;
    private const int Count = 10_000;

    // Test processes that run at the same time start at different ports.
    private static int _next = Environment.ProcessId * 37;

    /// <summary>Returns a free port, which no other call returns.</summary>
    public static int Find()
    {
        while (true)
        {
            var port = First + (Interlocked.Increment(ref _next) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // In use.
            }
        }
    }
}
