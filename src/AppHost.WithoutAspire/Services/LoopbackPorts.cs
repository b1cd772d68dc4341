using System.Net;
using System.Net.Sockets;

namespace AppHost.WithoutAspire.Services;

/// <summary>Ports on 127.0.0.1 that are free now.</summary>
internal static class LoopbackPorts
{
    /// <summary><paramref name="wanted"/> and, after it, as many as the system chooses; 0 lets it choose the first one, too.</summary>
    /// <exception cref="PlaygroundException"><paramref name="wanted"/> can't be listened on.</exception>
    public static IReadOnlyList<int> Find(int wanted, int count)
    {
        // All are held until the last one is found, so that none is found twice.
        var listeners = new List<TcpListener>();
        try
        {
            listeners.Add(Listen(wanted));
            while (listeners.Count < count)
            {
                listeners.Add(Listen(0));
            }

            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        catch (SocketException exception)
        {
            throw new PlaygroundException(
                $"Port {wanted} on 127.0.0.1 can't be used for the storefront: {exception.Message}. " +
                "Choose another one with --port <number>; --port 0 takes any that is free.");
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }

    private static TcpListener Listen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }
}
