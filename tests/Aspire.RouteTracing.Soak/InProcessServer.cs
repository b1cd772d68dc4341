using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Aspire.RouteTracing.Soak;

/// <summary>A server without a network. A request is over, its span and its metrics included, when its task is.</summary>
internal sealed class InProcessServer : IServer
{
    public const string Host = "storefront";

    private Func<IFeatureCollection, Response, Task>? _process;

    public IFeatureCollection Features { get; } = new FeatureCollection();

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        _process = (features, response) => ProcessAsync(application, features, response);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
    }

    public Task SendAsync(SoakRequest request)
    {
        var response = new Response();
        var features = new FeatureCollection(initialCapacity: 16);
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = request.Case.Method,
            Path = request.Path,
            Protocol = "HTTP/1.1",
            Scheme = "http",
            Headers = request.Headers,
        });
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        features.Set<IHttpRequestLifetimeFeature>(new Lifetime());
        features.Set(request);
        return _process!(features, response);
    }

    // In the order of Kestrel, which answers an exception itself.
    private static async Task ProcessAsync<TContext>(IHttpApplication<TContext> application, IFeatureCollection features, Response response)
        where TContext : notnull
    {
        var context = application.CreateContext(features);
        Exception? failure = null;
        try
        {
            await application.ProcessRequestAsync(context);
            await response.StartAsync();
        }
        catch (Exception exception) when (exception is SoakException or OperationCanceledException)
        {
            failure = exception;
            response.Headers.Clear();
            response.StatusCode = features.GetRequiredFeature<SoakRequest>().Case.StatusCode;
        }

        await response.CompleteAsync();
        application.DisposeContext(context, failure);
    }

    private sealed class Response : HttpResponseFeature
    {
        private readonly Stack<(Func<object, Task> Callback, object State)> _onStarting = [];
        private readonly Stack<(Func<object, Task> Callback, object State)> _onCompleted = [];

        public override void OnStarting(Func<object, Task> callback, object state) => _onStarting.Push((callback, state));

        public override void OnCompleted(Func<object, Task> callback, object state) => _onCompleted.Push((callback, state));

        public Task StartAsync() => InvokeAsync(_onStarting);

        public Task CompleteAsync() => InvokeAsync(_onCompleted);

        private static async Task InvokeAsync(Stack<(Func<object, Task> Callback, object State)> callbacks)
        {
            while (callbacks.TryPop(out var next))
            {
                await next.Callback(next.State);
            }
        }
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; }

        public void Abort() => RequestAborted = new CancellationToken(canceled: true);
    }
}
