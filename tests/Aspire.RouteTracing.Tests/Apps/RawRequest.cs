using System.Net.Sockets;
using System.Text;

namespace Aspire.RouteTracing.Tests.Apps;

/// <summary>A request that HttpClient would change or refuse.</summary>
internal static class RawRequest
{
    /// <summary>Sends lines of text, without a blank line at their end, and returns the response. The connection is not kept.</summary>
    public static async Task<string> SendAsync(int port, params string[] lines)
    {
        using var client = new TcpClient("127.0.0.1", port);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"{string.Join("\r\n", [.. lines, "Connection: close"])}\r\n\r\n"),
            TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken).WithinAMinute();
    }
}
