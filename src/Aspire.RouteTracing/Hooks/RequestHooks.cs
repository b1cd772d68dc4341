using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Hooks;

/// <summary>Runs the hooks of recorded requests: the delegates of the settings, then the hooks of the container.</summary>
internal sealed partial class RequestHooks(IServiceProvider services, SafeLogger<RequestHooks> logger)
{
    // Lazy, because a hook can depend on the tracer provider, which is being built when this object is created.
    private readonly Lazy<ContainerHook[]> _containerHooks = new(
        () =>
        [
            .. services.GetServices<IRouteTracingHook>().Select(hook =>
                new ContainerHook(new IsolatedHook(hook.GetType().ToString(), logger), hook.OnRequest, hook.OnResponse)),
        ]);

    // Not per delegate, because a reload creates new delegates.
    private readonly IsolatedHook _requestHook = new(nameof(RouteTracingSettings.RequestHook), logger);
    private readonly IsolatedHook _responseHook = new(nameof(RouteTracingSettings.ResponseHook), logger);

    // Whether a request with hooks has started. A reload can remove hooks while requests run.
    private volatile bool _haveRequests;
    private bool _isDisposalLogged;

    /// <summary>Returns whether there are hooks for new requests.</summary>
    public bool AreUsed(CompiledSettings settings) =>
        settings.Enabled && (settings.RequestHook is not null || settings.ResponseHook is not null || _containerHooks.Value.Length != 0);

    /// <summary>Creates the hooks of the container, so that the startup fails if a hook can't be created.</summary>
    public void Create() => _ = _containerHooks.Value;

    public void OnStart(CompiledSettings settings, Activity span, HttpContext context)
    {
        var others = context.Features[typeof(HookedRequest)] as HookedRequest;
        if (others?.Find(this, context) is { } known && known.Span == span)
        {
            return;
        }

        if (!_haveRequests)
        {
            _haveRequests = true;
        }

        var request = new HookedRequest(this, span, context, settings, others is { Span.IsStopped: false } ? others : null);
        context.Features.Set(request);

        // Creates the scope of the request before the callbacks are registered, so that it is disposed after they run. Not for delegates,
        // which seldom need it.
        if (_containerHooks.Value.Length != 0)
        {
            _ = context.RequestServices;
        }

        request.Register();
    }

    public void OnRouteMatched(HttpContext context) => Find(context)?.OnRouteMatched();

    /// <summary>Called after the instrumentation has set its values.</summary>
    public void OnEnd(HttpContext context) => Find(context)?.OnEnd();

    /// <summary>Runs the hooks when the route is known.</summary>
    public void InvokeRequestHooks(CompiledSettings settings, Activity span, HttpRequest request)
    {
        if (settings.RequestHook is { } requestHook)
        {
            _requestHook.Invoke(requestHook, span, request);
        }

        foreach (var hook in _containerHooks.Value)
        {
            hook.Isolated.Invoke(hook.OnRequest, span, request);
        }
    }

    /// <summary>Returns whether there are hooks for responses.</summary>
    public bool AreUsedForResponses(CompiledSettings settings) => settings.ResponseHook is not null || _containerHooks.Value.Length != 0;

    /// <summary>Runs the hooks when the response is about to start.</summary>
    public void InvokeResponseHooks(CompiledSettings settings, Activity span, HttpResponse response)
    {
        if (settings.ResponseHook is { } responseHook)
        {
            _responseHook.Invoke(responseHook, span, response);
        }

        foreach (var hook in _containerHooks.Value)
        {
            hook.Isolated.Invoke(hook.OnResponse, span, response);
        }
    }

    /// <summary>Creates a scope for hooks that run after the scope of the request was disposed.</summary>
    public AsyncServiceScope CreateScope() => services.CreateAsyncScope();

    /// <summary>Logs once that a scope of <see cref="CreateScope"/> could not be disposed.</summary>
    public void LogDisposal(Exception exception)
    {
        if (!Interlocked.Exchange(ref _isDisposalLogged, true))
        {
            Log.NotDisposed(logger, exception);
        }
    }

    // Nested contexts, such as those of OData's $batch, inherit the features.
    private HookedRequest? Find(HttpContext context) =>
        _haveRequests ? (context.Features[typeof(HookedRequest)] as HookedRequest)?.Find(this, context) : null;

    private sealed record ContainerHook(
        IsolatedHook Isolated, Action<Activity, HttpRequest> OnRequest, Action<Activity, HttpResponse> OnResponse);

    /// <summary>
    /// Isolates the request from the exceptions of a hook, including those of async lambdas, and from the activities that it leaves open.
    /// See "Why hooks have a synchronization context" in docs/architecture.md.
    /// </summary>
    private sealed class IsolatedHook(string name, ILogger logger) : SynchronizationContext
    {
        private bool _isAsyncLogged;
        private bool _isFailureLogged;

        /// <summary>Called when an async void method starts.</summary>
        public override void OperationStarted()
        {
            if (!_isAsyncLogged && !Interlocked.Exchange(ref _isAsyncLogged, true))
            {
                Log.IsAsync(logger, name);
            }
        }

        public override void Post(SendOrPostCallback d, object? state) =>
            ThreadPool.UnsafeQueueUserWorkItem(
                static work => work.Hook.Send(work.Callback, work.State), (Hook: this, Callback: d, State: state), preferLocal: false);

        public override void Send(SendOrPostCallback d, object? state) => Invoke(static (callback, state) => callback(state), d, state);

        public void Invoke<T1, T2>(Action<T1, T2> action, T1 first, T2 second)
        {
            var (before, activity) = (Current, Activity.Current);
            SetSynchronizationContext(this);
            try
            {
                action(first, second);
            }
            catch (Exception exception)
            {
                if (!_isFailureLogged && !Interlocked.Exchange(ref _isFailureLogged, true))
                {
                    Log.Failed(logger, exception, name);
                }
            }
            finally
            {
                SetSynchronizationContext(before);
                if (Activity.Current != activity)
                {
                    Activity.Current = activity;
                }
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            40, LogLevel.Error,
            "The hook {Hook} threw an exception. The request and the other hooks continue. Further exceptions of this hook are not "
            + "logged.")]
        public static partial void Failed(ILogger logger, Exception exception, string hook);

        [LoggerMessage(
            41, LogLevel.Warning,
            "The hook {Hook} is async, but hooks are not awaited. Code after its first await may run after the span and the request have "
            + "ended. Change the span before the first await.")]
        public static partial void IsAsync(ILogger logger, string hook);

        [LoggerMessage(
            42, LogLevel.Error,
            "A service that a hook used after the end of a request threw an exception when it was disposed. The span is exported. Further "
            + "exceptions are not logged.")]
        public static partial void NotDisposed(ILogger logger, Exception exception);
    }
}
