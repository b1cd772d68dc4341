using System.Net.WebSockets;
using Aspire.RouteTracing.Compatibility.Tests.Blazor;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>The pipeline of the template of a Blazor web app with interactive server components.</summary>
public sealed class BlazorTests : LibraryTests
{
    private const string Circuit = "GET /_blazor";

    internal static readonly Library Blazor = new("Blazor", Type: null)
    {
        ExcludedUrls = "^/_blazor",
        FilteredUrls = "^/_blazor",
        Configure = builder => builder.Services.AddRazorComponents().AddInteractiveServerComponents(),
        Trace = tracing => tracing.AddSource("Microsoft.AspNetCore.Components*", "Microsoft.AspNetCore.SignalR.Server"),
        Map = app =>
        {
            app.UseExceptionHandler("/Error", createScopeForErrors: true);
            app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
            app.UseAntiforgery();
            app.MapStaticAssets();
            app.MapRazorComponents<ShopApp>().AddInteractiveServerRenderMode();
        },
        Uses =
        [
            new("GET /orders/7", "a page"),
            new("GET /app.css", "a static asset"),
            new("GET /missing", "the page for what is missing"),
            new("POST /_blazor/negotiate", "an excluded URL: opens a circuit") { Exclusion = UseExclusion.Whole },
            new(Circuit, "an excluded URL: the WebSocket of a circuit") { Exclusion = UseExclusion.Whole, Send = ConnectAsync },
        ],
    };

    internal override Library Library => Blazor;

    [Theory]
    [InlineData("GET /orders/7", 200, "GET /orders/{Id:int}")]
    [InlineData("GET /app.css", 200, "GET /app.css")]
    [InlineData("GET /missing", 404, "GET")]
    public async Task A_request_is_named_after_what_answers_it(string request, int status, string name)
    {
        var outcome = await Blazor.SendAsync(request);

        Assert.Equal(status, outcome.Status);
        Assert.Equal(name, outcome.Names[0]);
    }

    private static async Task<int> ConnectAsync(HttpClient client)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        using var handler = new SocketsHttpHandler { ActivityHeadersPropagator = null };
        using var invoker = new HttpMessageInvoker(handler);
        var circuit = new UriBuilder(client.BaseAddress!) { Scheme = "ws", Path = "/_blazor" }.Uri;
        await socket.ConnectAsync(circuit, invoker, TestContext.Current.CancellationToken);
        await socket.SendAsync(
            "{\"protocol\":\"blazorpack\",\"version\":1}\u001e"u8.ToArray(),
            WebSocketMessageType.Text,
            endOfMessage: true,
            TestContext.Current.CancellationToken);
        await socket.ReceiveAsync(new byte[64], TestContext.Current.CancellationToken);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        return (int)socket.HttpStatusCode;
    }
}
