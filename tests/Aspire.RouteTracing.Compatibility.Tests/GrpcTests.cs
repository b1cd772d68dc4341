using Aspire.RouteTracing.Compatibility.Tests.Grpc;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>A call of gRPC is a POST to a path with the names of the service and the method.</summary>
public sealed class GrpcTests : LibraryTests
{
    private const string Reserve = "POST /shop.Stock/Reserve";

    internal static readonly Library Grpc = new("Grpc.AspNetCore", typeof(GrpcServiceOptions))
    {
        ExcludedUrls = "^/shop[.]Stock/Check$",
        FilteredUrls = "^/shop[.]Stock/Check$",
        Configure = builder =>
        {
            builder.WebHost.ConfigureKestrel(kestrel =>
                kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
            builder.Services.AddGrpc();
        },
        Map = app => app.MapGrpcService<StockService>(),
        Uses =
        [
            new(Reserve, "a unary call") { Send = client => CallAsync(client, stock => stock.ReserveAsync(new Article()).ResponseAsync) },
            new("POST /shop.Stock/Check", "an excluded call")
            {
                Exclusion = UseExclusion.Whole,
                Send = client => CallAsync(client, stock => stock.CheckAsync(new Article()).ResponseAsync),
            },
        ],
    };

    internal override Library Library => Grpc;

    [Fact]
    public async Task A_call_is_named_after_its_method()
    {
        var outcome = await Grpc.SendAsync(Reserve);

        Assert.Equal([Reserve, "reserve"], outcome.Names);
    }

    private static async Task<int> CallAsync(HttpClient client, Func<Stock.StockClient, Task> call)
    {
        using var handler = new SocketsHttpHandler { ActivityHeadersPropagator = null };
        using var channel = GrpcChannel.ForAddress(client.BaseAddress!, new GrpcChannelOptions { HttpHandler = handler });
        await call(new Stock.StockClient(channel));
        return 200;
    }
}
