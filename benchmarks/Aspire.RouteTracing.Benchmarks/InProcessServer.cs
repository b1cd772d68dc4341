using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Aspire.RouteTracing.Benchmarks;

/// <summary>
/// A server without sockets: a request is a call of the hosting layer's own three methods, with its context pooled as Kestrel pools it, so that
/// what is measured is the pipeline from the start of the server's activity to its end.
/// </summary>
internal sealed class InProcessServer : IServer
{
    private Action<string, string?> _send = (_, _) => throw new InvalidOperationException("The server was not started.");

    public IFeatureCollection Features { get; } = new FeatureCollection();

    public void Send(string path, string? traceParent = null) => _send(path, traceParent);

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        var features = new PooledFeatures<TContext>();
        var initial = ExecutionContext.Capture();
        _send = (path, traceParent) =>
        {
            features.Reset(path, traceParent);
            var context = application.CreateContext(features);
            application.ProcessRequestAsync(context).GetAwaiter().GetResult();
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

    // Kestrel's connection is its own endpoint feature, too, and forgets the endpoint of the request before; with one set, routing has nothing to do.
    private sealed class PooledFeatures<TContext> : FeatureCollection, IHostContextContainer<TContext>, IEndpointFeature, IRouteValuesFeature
        where TContext : notnull
    {
        private readonly HttpRequestFeature _request = new() { Method = "GET", Scheme = "http", Protocol = "HTTP/1.1" };
        private readonly HttpResponseFeature _response = new();
        private readonly StreamResponseBodyFeature _body = new(Stream.Null);

        public PooledFeatures() => _request.Headers.Host = "localhost";

        public TContext? HostContext { get; set; }

        public Endpoint? Endpoint { get; set; }

        public RouteValueDictionary RouteValues { get; set; } = [];

        public void Reset(string path, string? traceParent)
        {
            _request.Path = path;
            _request.PathBase = "";
            _request.Headers.TraceParent = traceParent;
            _response.StatusCode = 200;
            Endpoint = null;
            RouteValues.Clear();
            Set<IItemsFeature>(null);
            Set<IHttpRequestFeature>(_request);
            Set<IHttpResponseFeature>(_response);
            Set<IHttpResponseBodyFeature>(_body);
            Set<IEndpointFeature>(this);
            Set<IRouteValuesFeature>(this);
        }
    }
}
