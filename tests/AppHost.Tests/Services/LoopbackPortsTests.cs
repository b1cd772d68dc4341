using System.Globalization;
using System.Net;
using System.Net.Sockets;
using AppHost.WithoutAspire;
using AppHost.WithoutAspire.Services;

namespace AppHost.Tests.Services;

public class LoopbackPortsTests
{
    [Fact]
    public void Ports_found_are_free_and_differ()
    {
        var ports = LoopbackPorts.Find(wanted: 0, count: 4);

        Assert.Equal(4, ports.Distinct().Count());
        Assert.All(ports, port =>
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
        });
    }

    [Fact]
    public void A_port_that_is_taken_is_named_with_the_way_to_choose_another()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = ((IPEndPoint)other.LocalEndpoint).Port;

        var exception = Assert.Throws<PlaygroundException>(() => LoopbackPorts.Find(taken, count: 2));

        Assert.Contains(taken.ToString(CultureInfo.InvariantCulture), exception.Message, StringComparison.Ordinal);
        Assert.Contains("--port", exception.Message, StringComparison.Ordinal);
    }
}
