using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Hooks;

/// <summary>Shows the recorded requests to the hooks: the delegates of the settings, then the hooks of the container.</summary>
internal sealed partial class RequestHooks(ActiveRouteTracing tracing, IServiceProvider services, ILogger<RequestHooks> logger)
{
    // A hook may ask for the tracer provider, which is being built while this object is.
    private readonly Lazy<IRouteTracingHook[]> _hooks = new(() => [.. services.GetServices<IRouteTracingHook>()]);
    private readonly ConcurrentDictionary<string, bool> _failed = new();
    private volatile bool _haveRun;

    /// <summary>Whether there are hooks for requests that start now.</summary>
    public bool Any => tracing.Current is { Enabled: true } settings && (_hooks.Value.Length != 0 || settings.Hook is not null);

    /// <summary>Whether a request was shown to a hook yet.</summary>
    public bool HaveRun => _haveRun;

    /// <summary>Creates the hooks of the container now, so that one that can't be created keeps the application from starting.</summary>
    public void Create() => _ = _hooks.Value;

    public void OnStart(Activity span, HttpContext context)
    {
        if (!Any || Find(context) is not null)
        {
            return;
        }

        _haveRun = true;
        var settingsHook = tracing.Current.Hook;
        var request = new HookedRequest(span, context, settingsHook is null ? _hooks.Value : [settingsHook, .. _hooks.Value], Report);
        context.Items[this] = request;

        // What is registered first runs last: after everything the application does when its response starts. The scope of the request's
        // services, whose disposal is registered when it is created, is created before, so that it is disposed after.
        _ = context.RequestServices;
        context.Response.OnStarting(static request => ((HookedRequest)request).OnResponse(), request);
        context.Response.OnCompleted(static request => ((HookedRequest)request).OnResponse(), request);
    }

    public void OnRouteMatched(HttpContext context) => Find(context)?.OnRouteMatched();

    /// <summary>To be called when the instrumentation has set all its values.</summary>
    public void OnEnd(HttpContext context) => Find(context)?.OnEnd();

    // The items of a request are created when they are first asked for.
    private HookedRequest? Find(HttpContext context)
        => _haveRun && context.Items.TryGetValue(this, out var request) ? (HookedRequest?)request : null;

    private void Report(string hook, Exception exception)
    {
        if (_failed.TryAdd(hook, true))
        {
            Log.Failed(logger, exception, hook);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(40, LogLevel.Error, "The hook {Hook} threw an exception. The request and the other hooks go on; further exceptions of this hook are not logged.")]
        public static partial void Failed(ILogger logger, Exception exception, string hook);
    }
}
