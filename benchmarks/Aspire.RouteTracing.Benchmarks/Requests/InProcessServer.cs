using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Aspire.RouteTracing.Benchmarks.Requests;

/// <summary>
/// A server without sockets. A request is a call of the hosting layer's three methods, and its context is pooled as in Kestrel, so the
/// pipeline is measured from the start of the server activity to its end.
/// </summary>
/// <param name="headers">The names of the headers that every request has.</param>
internal sealed class InProcessServer(params string[] headers) : IServer
{
    private Action<string> _send = _ => throw new InvalidOperationException("The server was not started.");

    public IFeatureCollection Features { get; } = new FeatureCollection();

    public void Send(string path) => _send(path);

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        var features = new PooledFeatures<TContext>(headers);
        var initial = ExecutionContext.Capture();
        _send = path =>
        {
            features.Reset(path);
            var context = application.CreateContext(features);
            application.ProcessRequestAsync(context).GetAwaiter().GetResult();
            features.Complete();
            application.DisposeContext(context, exception: null);

            // As Kestrel does between the requests of a connection.
            ExecutionContext.Restore(initial!);
        };
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
    }

    // Kestrel's connection is also its endpoint feature and forgets the endpoint of the previous request. Routing skips a request that has
    // an endpoint.
    private sealed class PooledFeatures<TContext> :
        FeatureCollection, IHostContextContainer<TContext>, IEndpointFeature, IRouteValuesFeature
        where TContext : notnull
    {
        private readonly HttpRequestFeature _request = new() { Method = "GET", Scheme = "http", Protocol = "HTTP/1.1" };
        private readonly ResponseWithCallbacks _response = new();
        private readonly StartingBody _body;

        public PooledFeatures(string[] headers)
        {
            _body = new StartingBody(_response);
            _request.Headers.Host = "localhost";
            foreach (var header in headers)
            {
                _request.Headers[header] = "value";
            }
        }

        public TContext? HostContext { get; set; }

        public Endpoint? Endpoint { get; set; }

        public RouteValueDictionary RouteValues { get; set; } = [];

        public void Complete() => _response.Complete();

        public void Reset(string path)
        {
            _request.Path = path;
            _request.PathBase = "";
            _response.Reset();
            Endpoint = null;
            RouteValues.Clear();
            Set<IItemsFeature>(null);
            Set<IServiceProvidersFeature>(null);
            Set<IHttpRequestFeature>(_request);
            Set<IHttpResponseFeature>(_response);
            Set<IHttpResponseBodyFeature>(_body);
            Set<IEndpointFeature>(this);
            Set<IRouteValuesFeature>(this);
        }
    }

    // As in Kestrel, a response starts when the endpoint writes text.
    private sealed class StartingBody(ResponseWithCallbacks response) : StreamResponseBodyFeature(Stream.Null)
    {
        public override Task StartAsync(CancellationToken cancellationToken = default)
        {
            response.Start();
            return Task.CompletedTask;
        }
    }

    private sealed class ResponseWithCallbacks : HttpResponseFeature
    {
        private readonly Stack<(Func<object, Task> Callback, object State)> _starting = new();
        private readonly Stack<(Func<object, Task> Callback, object State)> _completed = new();
        private bool _hasStarted;

        public override bool HasStarted => _hasStarted;

        public override void OnStarting(Func<object, Task> callback, object state) => _starting.Push((callback, state));

        public override void OnCompleted(Func<object, Task> callback, object state) => _completed.Push((callback, state));

        public void Reset() => (StatusCode, _hasStarted) = (StatusCodes.Status200OK, false);

        public void Start()
        {
            if (!_hasStarted)
            {
                Run(_starting);
                _hasStarted = true;
            }
        }

        public void Complete()
        {
            Start();
            Run(_completed);
        }

        private static void Run(Stack<(Func<object, Task> Callback, object State)> callbacks)
        {
            while (callbacks.TryPop(out var next))
            {
                next.Callback(next.State).GetAwaiter().GetResult();
            }
        }
    }
}
