using System.Diagnostics;
using System.Net.WebSockets;
using Aspire.RouteTracing.Tests.Apps;
using Aspire.RouteTracing.Tests.RouteNames.Apps;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Trace;
using StatusCode = Grpc.Core.StatusCode;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>Starts an application, sends the requests of its cases, and returns the telemetry of each.</summary>
internal sealed class RouteNameRun : IDisposable
{
    private const string SuppressNativeTags = "Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData";

    // Tests run one after the other.
    private static readonly Dictionary<(string Shape, RouteTemplateFormat? Format), IReadOnlyList<RouteNameOutcome>> Outcomes = [];

    private readonly RequestDurations _durations = new();
    private readonly TracedApp _app;

    private RouteNameRun(TracedApp app) => _app = app;

    /// <summary>Gets a value indicating whether ASP.NET Core sets the tags itself by default.</summary>
    public static bool HasNativeTags { get; } = Environment.Version.Major >= 11;

    /// <summary>Returns the outcomes with route tracing, which several tests and the document share.</summary>
    public static async Task<IReadOnlyList<RouteNameOutcome>> GetAsync(string shape, RouteTemplateFormat? format = null)
    {
        if (!Outcomes.TryGetValue((shape, format), out var outcomes))
        {
            outcomes = await RunAsync(shape, settings => settings.RouteTemplateFormat = format ?? settings.RouteTemplateFormat);
            Outcomes[(shape, format)] = outcomes;
        }

        return outcomes;
    }

    public static async Task<IReadOnlyList<RouteNameOutcome>> RunAsync(
        string shape, Action<RouteTracingSettings>? routeTracing, bool? nativeTags = null)
    {
        // Read when the host starts.
        AppContext.SetSwitch(SuppressNativeTags, !(nativeTags ?? HasNativeTags));
        try
        {
            await using var app = await StartAsync(AppShapes.All[shape], routeTracing);
            using var run = new RouteNameRun(app);
            return await run.SendAsync(RouteNameCase.All[shape]);
        }
        finally
        {
            AppContext.SetSwitch(SuppressNativeTags, !HasNativeTags);
        }
    }

    public void Dispose() => _durations.Dispose();

    private static Task<TracedApp> StartAsync(AppShape shape, Action<RouteTracingSettings>? routeTracing) => TracedApp.StartAsync(
        builder =>
        {
            builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(options => options.RecordException = true);
            builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddAspNetCoreInstrumentation());
            builder.Services.AddSingleton<WaitingRequests>();
            shape.Configure?.Invoke(builder);
            if (routeTracing is not null)
            {
                builder.AddRouteTracing(routeTracing);
            }
        },
        app => shape.Map(app));

    private async Task<IReadOnlyList<RouteNameOutcome>> SendAsync(RouteNameCase[] cases)
    {
        var callers = new List<ActivitySpanId>();
        foreach (var routeNameCase in cases)
        {
            callers.Add(ActivitySpanId.CreateRandom());
            await SendAsync(routeNameCase, $"00-{ActivityTraceId.CreateRandom()}-{callers[^1]}-01");
        }

        await _app.StopAsync();
        return [.. callers.Select(OutcomeOf)];
    }

    private RouteNameOutcome OutcomeOf(ActivitySpanId caller)
    {
        var span = Assert.Single(_app.Spans, span => span.ParentSpanId == caller);
        var (route, errorType) = _durations.Of(caller);
        return new RouteNameOutcome(
            span.GetTagItem("http.response.status_code"),
            span.DisplayName,
            span.GetTagItem("http.route"),
            route,
            span.GetTagItem("error.type"),
            errorType,
            span.Events.Any(e => e.Name == "exception"),
            span.Status);
    }

    private async Task SendAsync(RouteNameCase routeNameCase, string traceParent)
    {
        var (client, target) = routeNameCase.Request.Split(' ') switch
        {
            [var first, var second] => (first, second),
            _ => throw new FormatException($"The request '{routeNameCase.Request}' is not a method or client and a target."),
        };
        switch (client)
        {
            case "WebSocket":
                await OpenWebSocketAsync(target, traceParent);
                break;
            case "SignalR":
                await CallHubAsync(target, traceParent);
                break;
            case "gRPC":
                await CallGrpcAsync(target, traceParent);
                break;
            case "ABORTED":
                await AbortAsync(target, traceParent);
                break;
            default:
                using (var response = await _app.Client.SendAsync(
                    Request(client, target, traceParent, routeNameCase.Headers), TestContext.Current.CancellationToken))
                {
                    var content = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                    Assert.True(
                        routeNameCase.Status == (int)response.StatusCode,
                        $"{routeNameCase.Request} was answered with {(int)response.StatusCode}: {content}");
                }

                break;
        }
    }

    private static HttpRequestMessage Request(string method, string target, string traceParent, Dictionary<string, string>? headers = null)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), target);
        request.Headers.Add("traceparent", traceParent);
        foreach (var (name, value) in headers ?? [])
        {
            request.Headers.Add(name, value);
        }

        return request;
    }

    private async Task OpenWebSocketAsync(string path, string traceParent)
    {
        using var socket = await ConnectAsync(new UriBuilder(_app.Client.BaseAddress!) { Scheme = "ws", Path = path }.Uri, traceParent);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
    }

    private async Task<ClientWebSocket> ConnectAsync(Uri uri, string traceParent)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("traceparent", traceParent);
        await socket.ConnectAsync(uri, _app.Client, TestContext.Current.CancellationToken);
        return socket;
    }

    private async Task CallHubAsync(string path, string traceParent)
    {
        await using var hub = new HubConnectionBuilder()
            .WithUrl(new Uri(_app.Client.BaseAddress!, path), options =>
            {
                options.Transports = HttpTransportType.WebSockets;
                options.SkipNegotiation = true;
                options.WebSocketFactory = async (connection, _) => await ConnectAsync(connection.Uri, traceParent);
            })
            .Build();
        await hub.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal("hello", await hub.InvokeAsync<string>(nameof(ChatHub.Echo), "hello", TestContext.Current.CancellationToken));
    }

    private async Task CallGrpcAsync(string method, string traceParent)
    {
        using var channel = GrpcChannel.ForAddress(_app.Client.BaseAddress!, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { ActivityHeadersPropagator = null },
            DisposeHttpClient = true,
        });
        var greet = new Method<Name, Greeting>(
            MethodType.Unary,
            method[..method.IndexOf('/', StringComparison.Ordinal)],
            method[(method.IndexOf('/', StringComparison.Ordinal) + 1)..],
            Marshallers.Create(name => Google.Protobuf.MessageExtensions.ToByteArray(name), Name.Parser.ParseFrom),
            Marshallers.Create(greeting => Google.Protobuf.MessageExtensions.ToByteArray(greeting), Greeting.Parser.ParseFrom));
        try
        {
            await channel.CreateCallInvoker().AsyncUnaryCall(
                greet,
                host: null,
                new CallOptions(new Metadata { { "traceparent", traceParent } }, cancellationToken: TestContext.Current.CancellationToken),
                new Name { Text = "hello" });
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Internal or StatusCode.Unimplemented)
        {
            // Some cases are failing calls.
        }
    }

    private async Task AbortAsync(string target, string traceParent)
    {
        using var goAway = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var response = _app.Client.SendAsync(Request("GET", target, traceParent), goAway.Token);
        await _app.App.Services.GetRequiredService<WaitingRequests>().WaitAsync(TestContext.Current.CancellationToken).WithinAMinute();
        await goAway.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => response);
    }
}
