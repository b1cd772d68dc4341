using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Hooks;

/// <summary>Shows the recorded requests to the hooks: the delegates of the settings, then the hooks of the container.</summary>
internal sealed partial class RequestHooks(ActiveRouteTracing tracing, IEnumerable<IRouteTracingHook> hooks, ILogger<RequestHooks> logger)
{
    private readonly IRouteTracingHook[] _hooks = [.. hooks];
    private readonly ConcurrentDictionary<string, bool> _failed = new();
    private volatile bool _used;

    /// <summary>Whether there are hooks for requests that start now.</summary>
    public bool Any => _hooks.Length != 0 || tracing.InForce.Hook is not null;

    /// <summary>Whether a request was shown to a hook yet.</summary>
    public bool AreInUse => _used;

    public void OnStart(Activity span, HttpContext context)
    {
        if (!Any || Find(context) is not null)
        {
            return;
        }

        _used = true;
        var settingsHook = tracing.InForce.Hook;
        var request = new HookedRequest(span, context, settingsHook is null ? _hooks : [settingsHook, .. _hooks], Report);
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
        => _used && context.Items.TryGetValue(this, out var request) ? (HookedRequest?)request : null;

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
